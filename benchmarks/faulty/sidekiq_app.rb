# Sidekiq: `sidekiq -r ./sidekiq_app.rb`; to put a job, `ruby sidekiq_app.rb NAME KIND FIRST LATER DELAY OTHER`.

require "sidekiq"

# The job: see `job.py`.
class Work
  include Sidekiq::Worker

  def perform(name, kind, first, later)
    File.open(ENV.fetch("FAULTS_NOTES"), "a+") do |notes|
      notes.sync = true
      again = notes.each_line.any? { |line| line.start_with?("begin #{name} ") }
      notes.puts("begin #{name} #{Process.pid} #{Time.now.to_f}")
      sleep(again ? later : first)
      exit if kind == "exits"
      Process.kill(:KILL, Process.pid) if kind == "kills"
      notes.puts("end #{name} #{Process.pid} #{Time.now.to_f}")
    end
  end
end

if $PROGRAM_NAME == __FILE__
  name, kind, first, later, delay, other = ARGV
  Work.perform_in(Float(delay), name, kind, Float(first), Float(later))
  Work.perform_async(other, kind, 0.5, 0.5) unless other.empty?
end
