#!/usr/bin/perl
# Mojolicious::Plugin::OAuth2 in its OpenID Connect mode, as its manual shows it.
use Mojolicious::Lite -signatures;

my ($base, $api) = @ENV{qw(BASE_URL API)};
my %users;

sub random {
  open my $file, '<', '/dev/urandom' or die $!;
  read $file, my $bytes, 16;
  return unpack 'H*', $bytes;
}

app->secrets([random()]);
plugin OAuth2 => {
  providers => {
    gatehouse => {
      key            => $ENV{CLIENT_ID},
      secret         => $ENV{CLIENT_SECRET},
      well_known_url => "$ENV{ISSUER}/.well-known/openid-configuration",
      scope          => $ENV{SCOPE},
    },
  },
};

get '/' => sub ($c) { $c->render(text => 'ready') };

get '/login' => sub ($c) {
  # The plugin leaves these to the application.
  my %query = (response_type => 'code', nonce => random(), state => random());
  $c->session(state => $query{state}, nonce => $query{nonce});
  $c->redirect_to($c->oauth2->auth_url(
    gatehouse => {redirect_uri => "$base/callback", authorize_query => \%query}));
};

get '/callback' => sub ($c) {
  return $c->render(text => 'wrong state', status => 400)
    if ($c->param('state') // '') ne ($c->session('state') // 'none');
  $c->oauth2->get_token_p(gatehouse => {redirect_uri => "$base/callback", redirect => 0})->then(sub ($tokens) {
    my $claims = $c->oauth2->jwt_decode(gatehouse => data => $tokens->{id_token});
    die "wrong nonce\n" if $claims->{nonce} ne $c->session('nonce');
    $users{$c->session('state')} = {%$tokens, claims => $claims};
    $c->session(user => $c->session('state'));
    $c->redirect_to('/me');
  })->catch(sub ($error) { $c->render(text => $error, status => 502) });
};

under sub ($c) {
  $c->stash(user => $users{$c->session('user') // ''}) and return 1 if $users{$c->session('user') // ''};
  $c->render(text => 'not signed in', status => 401);
  return undef;
};

get '/me' => sub ($c) {
  my $claims = $c->stash('user')->{claims};
  $c->render(json => {name => $claims->{name}, email => $claims->{email}});
};

get '/orders' => sub ($c) {
  my %headers = (Authorization => "Bearer $c->{stash}{user}{access_token}");
  my $answer = $c->ua->get("$api/orders" => \%headers)->result;
  $c->render(data => $answer->body, status => $answer->code);
};

get '/refresh' => sub ($c) {
  my $user = $c->stash('user');
  $c->oauth2->get_refresh_token_p(gatehouse => {refresh_token => $user->{refresh_token}})->then(sub ($tokens) {
    my $changed = $tokens->{access_token} ne $user->{access_token};
    @$user{qw(access_token refresh_token)} = @$tokens{qw(access_token refresh_token)};
    $c->render(json => {changed => $changed ? \1 : \0});
  })->catch(sub ($error) { $c->render(text => $error, status => 502) });
};

get '/logout' => sub ($c) {
  my $user = delete $users{$c->session('user')};
  $c->session(expires => 1);
  $c->redirect_to($c->oauth2->logout_url(
    gatehouse => {id_token_hint => $user->{id_token}, post_logout_redirect_uri => "$base/"}));
};

app->start('daemon', '-l', "http://localhost:$ENV{PORT}");
