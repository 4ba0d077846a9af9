# The gem oauth2 in a Sinatra application, as its README shows it. It knows OAuth 2.0 only, not OpenID Connect.
require 'base64'
require 'digest'
require 'json'
require 'securerandom'
require 'sinatra/base'
require 'oauth2'

ISSUER, BASE_URL, API = ENV.values_at('ISSUER', 'BASE_URL', 'API')

class App < Sinatra::Base
  set :server, 'webrick'
  set :bind, 'localhost'
  set :port, ENV['PORT']
  set :environment, :production
  enable :sessions
  set :session_secret, SecureRandom.hex(64)

  REDIRECT_URI = "#{BASE_URL}/callback"
  CLIENT = OAuth2::Client.new(ENV['CLIENT_ID'], ENV['CLIENT_SECRET'], site: ISSUER)

  # The session cookie has no room for tokens.
  USERS = {}

  error(OAuth2::Error) { |error| halt 502, "#{error.code}: #{error.description}" }
  set :show_exceptions, false

  def token
    USERS[session[:state]] || halt(401, 'not signed in')
  end

  get('/') { 'ready' }

  get '/login' do
    session[:state] = SecureRandom.hex
    session[:verifier] = SecureRandom.urlsafe_base64(32)
    redirect CLIENT.auth_code.authorize_url(
      redirect_uri: REDIRECT_URI, scope: ENV['SCOPE'], state: session[:state],
      code_challenge: Base64.urlsafe_encode64(Digest::SHA256.digest(session[:verifier]), padding: false),
      code_challenge_method: 'S256'
    )
  end

  get '/callback' do
    halt 400, 'wrong state' if params[:state] != session[:state]
    halt 403, "#{params[:error]}: #{params[:error_description]}" if params[:error]
    USERS[session[:state]] = CLIENT.auth_code.get_token(
      params[:code], redirect_uri: REDIRECT_URI, code_verifier: session[:verifier]
    )
    redirect '/me'
  end

  get '/me' do
    token.get('/userinfo').parsed.slice('name', 'email').to_json
  end

  get '/orders' do
    answer = token.get("#{API}/orders", raise_errors: false)
    [answer.status, answer.body]
  end

  get '/refresh' do
    before = token
    USERS[session[:state]] = before.refresh!
    { changed: token.token != before.token }.to_json
  end

  get '/logout' do
    id_token = token['id_token']
    USERS.delete(session.delete(:state))
    query = URI.encode_www_form(id_token_hint: id_token, post_logout_redirect_uri: "#{BASE_URL}/")
    redirect "#{ISSUER}/oauth/logout?#{query}"
  end
end

App.run!
