# The same as `python -m contenders`, in Ruby: `ruby ruby.rb ruby VARIANT send|work`.

require "json"
require "redis"
require "sidekiq"

ANSWERS = $stdout.dup
$stdout.reopen($stderr) # what an engine prints is no answer
PATIENCE = 600 # seconds

def now = Process.clock_gettime(Process::CLOCK_MONOTONIC) # the clock of Python's `time.monotonic`

# How many have begun, and when, in the memory of this process.
module Arrivals
  @lock, @complete, @times, @expected = Mutex.new, ConditionVariable.new, [], 0

  def self.<<(after)
    @times << after
    @lock.synchronize { @complete.broadcast } if @times.size >= @expected
  end

  def self.expect(number)
    @times, @expected = [], number
  end

  def self.wait
    deadline = now + PATIENCE
    @lock.synchronize do
      @complete.wait(@lock, deadline - now) while @times.size < @expected && now < deadline
    end
  end

  def self.to_json(*) = [@times.size, @times.min || 0, @times.max || 0].to_json
end

# `LPUSH` by who has a job, `BRPOP` by threads, each with a connection of its own.
class Step4
  QUEUE = "luffy:queue"

  class Noop
    def perform(sent) = Arrivals << now - sent
  end

  def connection = Redis.new(url: ENV["REDIS_URL"], driver: :hiredis)

  def send_one(sent)
    @redis ||= connection
    @redis.lpush(QUEUE, { worker: "Step4::Noop", args: [sent] }.to_json)
  end

  def work(threads)
    threads.times do
      Thread.new do
        redis = connection
        loop do
          job = JSON.parse(redis.brpop(QUEUE).last)
          Object.const_get(job["worker"]).new.perform(*job["args"])
        end
      end
    end
  end
end

# Sidekiq, with what it is told of Redis.
class WithSidekiq
  class Noop
    include Sidekiq::Worker

    def perform(sent) = Arrivals << now - sent
  end

  def initialize(**redis)
    Sidekiq.logger.level = Logger::WARN # for all the same: a line for each job would be what is measured
    Sidekiq.redis = redis
  end

  def send_one(sent) = Noop.perform_async(sent)

  def bulk(number) = Noop.perform_bulk([[0.0]] * number)

  def work(threads)
    Sidekiq.options.merge!(concurrency: threads, queues: ["default"])
    Sidekiq::Launcher.new(Sidekiq.options).run
  end
end

def answer(value)
  ANSWERS.puts(value.to_json)
  ANSWERS.flush
end

def give(contender, how, number = "1")
  start = now
  case how
  when "send" then contender.send_one(start)
  when "enqueue" then number.to_i.times { contender.send_one(0.0) }
  when "bulk" then contender.bulk(number.to_i)
  end
  now - start
end

def ask(line)
  what, number = line.split
  Arrivals.expect(number.to_i) if what == "expect"
  Arrivals.wait if what == "wait"
  answer(Arrivals)
end

_, variant, role = ARGV
require "sidekiq/cli" if role == "work" # its own program: where that is, Sidekiq has a connection for each thread
contender =
  case Integer(variant)
  when 0 then Step4.new
  when 1 then WithSidekiq.new
  when 2 then WithSidekiq.new(driver: :hiredis)
  end
if role == "send"
  $stdin.each_line { |line| answer(give(contender, *line.split)) }
else
  ask($stdin.gets) # before the first job comes
  contender.work(Integer(ENV.fetch("BENCHMARK_THREADS", 5)))
  $stdin.each_line { |line| ask(line) }
  exit! # what it has in hand is of no use any more
end
