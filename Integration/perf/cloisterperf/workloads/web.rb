# A web service that loads modules and renders a template per request.
%w[sinatra/base erb json set time digest securerandom puma puma/configuration puma/launcher].each { |name| require name }

class Web < Sinatra::Base
  set :host_authorization, permitted_hosts: [] if respond_to?(:host_authorization)
  set :logging, false
  WORDS = %w[the quick brown fox jumps over the lazy dog and sleeps]
  PAGE = ERB.new('<html><head><title><%= title %></title></head><body><h1><%= title %></h1><ul>' \
    '<% items.each do |name, text| %><li><b><%= name %></b>: <%= text %></li><% end %></ul></body></html>')
  get('/') do
    title = 'Items'
    items = Array.new(100) { |i| ["item #{i}", WORDS[i % WORDS.size]] }
    PAGE.result(binding)
  end
end

place = ENV['PORT'] ? "tcp://0.0.0.0:#{ENV['PORT']}" : 'unix:///tmp/web.sock'
settings = Puma::Configuration.new do |config|
  config.app Web
  config.bind place
  config.threads 5, 5
  config.log_requests false
  config.quiet
end
launcher = Puma::Launcher.new(settings, log_writer: nil, events: Puma::Events.null) rescue
  launcher = Puma::Launcher.new(settings, events: Puma::Events.null)
launcher.events.on_booted { $stdout.puts 'ready'; $stdout.flush }
launcher.run
