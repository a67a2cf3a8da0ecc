"""Ruby: the queue of the tutorial that this course retells, and Sidekiq. Their processes run `ruby.rb`.

On Debian 12, `apt install ruby-hiredis ruby-sidekiq` installs all that they need.
"""

import json
import subprocess
from pathlib import Path

from contenders import Contender

ASK = """
require "json"
require "redis"
require "hiredis"
require "sidekiq"
puts({ Ruby: RUBY_VERSION, "redis-rb": Redis::VERSION, Sidekiq: Sidekiq::VERSION }.to_json)"""

try:
    answer = subprocess.run(["ruby", "-e", ASK], check=True, capture_output=True, timeout=60)
except (OSError, subprocess.SubprocessError) as error:
    raise ImportError("no Ruby here that has the gems redis, hiredis and sidekiq") from error

VERSIONS: dict[str, str] = json.loads(answer.stdout)
if not VERSIONS["Sidekiq"].startswith("6."):
    raise ImportError(f"`ruby.rb` knows how to run Sidekiq 6, and not {VERSIONS['Sidekiq']}")


class Tutorial(Contender):
    """One `LPUSH` and one `BRPOP` for each job."""

    name, guarantee, share = "the tutorial, in Ruby", "at most once", 2
    program = ("ruby", str(Path(__file__).with_suffix(".rb")))


class Sidekiq(Tutorial):
    """As it comes, in its free version."""

    name = "Sidekiq, in Ruby"
    bulk = Contender.enqueue  # there is one; `ruby.rb` has it


variants = [Tutorial, Sidekiq]
