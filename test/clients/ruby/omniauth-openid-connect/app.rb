# OmniAuth's OpenID Connect strategy (GitLab's) in a Sinatra application, as its README shows it.
require 'json'
require 'net/http'
require 'securerandom'
require 'sinatra/base'
require 'omniauth_openid_connect'

BASE_URL, API = ENV.values_at('BASE_URL', 'API')

class App < Sinatra::Base
  set :server, 'webrick'
  set :bind, 'localhost'
  set :port, ENV['PORT']
  set :environment, :production
  enable :sessions
  set :session_secret, SecureRandom.hex(64)

  # `/login` is a link here, not a form.
  OmniAuth.config.allowed_request_methods = %i[get]
  OmniAuth.config.silence_get_warning = true

  use OmniAuth::Builder do
    provider :openid_connect,
             name: :gatehouse,
             issuer: ENV['ISSUER'],
             discovery: true,
             scope: ENV['SCOPE'].split.map(&:to_sym),
             client_options: {
               identifier: ENV['CLIENT_ID'],
               secret: ENV['CLIENT_SECRET'],
               redirect_uri: "#{BASE_URL}/auth/gatehouse/callback"
             }
  end

  # The session cookie has no room for tokens.
  USERS = {}

  def user
    USERS[session[:user]] || halt(401, 'not signed in')
  end

  get('/') { 'ready' }
  get('/login') { redirect '/auth/gatehouse' }

  get '/auth/gatehouse/callback' do
    auth = request.env['omniauth.auth']
    session[:user] = SecureRandom.hex
    USERS[session[:user]] = auth
    redirect '/me'
  end

  get '/auth/failure' do
    error = request.env['omniauth.error']
    halt 403, "#{params[:message]}: #{error.class} #{error&.message}"
  end

  get '/me' do
    user.info.slice('name', 'email').to_json
  end

  get '/orders' do
    answer = Net::HTTP.get_response(
      URI("#{API}/orders"), 'Authorization' => "Bearer #{user.credentials.token}"
    )
    [answer.code.to_i, answer.body]
  end

  # OmniAuth only logs in; openid_connect, on which it builds, refreshes.
  get '/refresh' do
    metadata = OpenIDConnect::Discovery::Provider::Config.discover!(ENV['ISSUER'])
    client = OpenIDConnect::Client.new(
      identifier: ENV['CLIENT_ID'], secret: ENV['CLIENT_SECRET'],
      token_endpoint: metadata.token_endpoint
    )
    client.refresh_token = user.credentials.refresh_token
    tokens = client.access_token!
    changed = tokens.access_token != user.credentials.token
    user.credentials.merge!(token: tokens.access_token, refresh_token: tokens.refresh_token)
    { changed: changed }.to_json
  end

  get '/logout' do
    # The strategy's own /auth/gatehouse/logout sends no id_token_hint: auth asks the user, and does not lead back.
    user = USERS.delete(session.delete(:user))
    metadata = OpenIDConnect::Discovery::Provider::Config.discover!(ENV['ISSUER'])
    query = URI.encode_www_form(
      id_token_hint: user.credentials.id_token, post_logout_redirect_uri: "#{BASE_URL}/"
    )
    redirect "#{metadata.end_session_endpoint}?#{query}"
  end
end

App.run!
