# Workers of a real Sidekiq, named like those of test_sidekiq.py. What they do is in the list `test:done`.
require "sidekiq"

Sidekiq.options[:poll_interval_average] = 0.2 # seconds

class Note
  include Sidekiq::Worker
  sidekiq_options queue: "ruby"

  def perform(*args)
    Sidekiq.redis { |redis| redis.rpush("test:done", JSON.generate(["ruby", args])) }
  end
end

class Fails
  include Sidekiq::Worker
  sidekiq_options queue: "ruby", retry: 2

  def perform(*args)
    raise ArgumentError, "not in Ruby"
  end
end

# For Ruby alone: what it puts there, it does not do itself.
class Hands
  include Sidekiq::Worker
  sidekiq_options queue: "python"
end
