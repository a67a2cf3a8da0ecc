# Sidekiq's web page. It says its port, and serves until it is killed.
require "securerandom"
require "sidekiq"
require "sidekiq/web"
require "rack"
require "webrick"

page = Rack::Builder.new do
  use Rack::Session::Cookie, secret: SecureRandom.hex(32), same_site: true
  run Sidekiq::Web
end
quiet = WEBrick::Log.new(File::NULL)
Rack::Handler::WEBrick.run(page, Host: "127.0.0.1", Port: 0, Logger: quiet, AccessLog: []) do |server|
  puts server.listeners.first.addr[1]
  $stdout.flush
end
