"""Ruby: the queue that step 4 is modelled on, and Sidekiq. Their processes run `ruby.rb`.

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


class Step4(Contender):
    """One `LPUSH` and one `BRPOP` for each job."""

    name, guarantee, share = "step 4, in Ruby", "at most once", 2
    program = ("ruby", str(Path(__file__).with_suffix(".rb")))


class Sidekiq(Step4):
    """As it comes, in its free version."""

    name = "Sidekiq"

    def bulk(self, number: int) -> None:
        """Use `perform_bulk`: see `ruby.rb`."""


class Best(Sidekiq):
    """With a client for Redis that is written in C."""

    name = "Sidekiq, hiredis"


variants = [Step4, Sidekiq, Best]
