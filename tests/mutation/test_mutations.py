"""Break the package in many ways, one at a time: the notebooks and tests must notice each.

Each mutation is made in a copy of the checkout, and undone. What must notice it is named with it, so that this takes
minutes, not hours; that the unbroken copy passes the same tests is checked too.
"""

import importlib.util
import itertools
import shutil
from pathlib import Path
from typing import NamedTuple

import nbformat
import pytest
from run_tests import run_tests

ROOT = Path(__file__).parents[2]

pytestmark = [pytest.mark.mutation, pytest.mark.timeout(400)]


class Mutation(NamedTuple):
    name: str
    file: str
    old: str
    new: str
    noticed_by: str


MUTATIONS = [
    Mutation(
        "perform_now returns before the work: it does not call perform",
        "step1_sync.py",
        "return cls().perform(*args)",
        "return None",
        "notebooks/01_sync.ipynb",
    ),
    Mutation(
        "a line is written in two pieces",
        "step1_sync.py",
        r'print(f"{label}{line}\n", end="", flush=True)',
        'print(f"{label}", end="", flush=True); print(f"{line}", flush=True)',
        "tests/test_step1_sync.py::test_a_line_is_one_write",
    ),
    Mutation(
        "a line has no label",
        "step1_sync.py",
        'f"[{thread.name}] "',
        '""',
        "notebooks/02_threaded.ipynb",
    ),
    Mutation(
        "perform_async waits for the work",
        "step2_threaded.py",
        "thread.start()",
        "thread.start(); thread.join()",
        "notebooks/02_threaded.ipynb",
    ),
    Mutation(
        "Processor.start starts one thread",
        "step3_memory_queue.py",
        "for number in range(count)]",
        "for number in range(1)]",
        "tests/test_step3_memory_queue.py::test_five_processors_do_five_jobs_at_once",
    ),
    Mutation(
        "a processor ends at the first job that raises",
        "step3_memory_queue.py",
        "self.failed(job, error)",
        "self.failed(job, error); return",
        "tests/test_step3_memory_queue.py::test_a_job_that_raises_is_logged_once_and_does_not_end_its_processor",
    ),
    Mutation(
        "a processor never acknowledges",
        "step3_memory_queue.py",
        "self.consumer.task_done()",
        "pass",
        "tests/test_step3_memory_queue.py::test_a_processor_labels_the_line_of_its_job",
    ),
    Mutation(
        "an error is swallowed in silence",
        "step3_memory_queue.py",
        'logger.error("%s failed", job, exc_info=error)',
        "pass",
        "tests/test_step3_memory_queue.py::test_a_job_that_raises_is_logged_once_and_does_not_end_its_processor",
    ),
    Mutation(
        "stop does not wait for the job in hand",
        "step3_memory_queue.py",
        "thread.join(None if deadline is None else max(0, deadline - time.monotonic()))",
        "pass",
        "tests/test_step3_memory_queue.py::test_a_processor_labels_the_line_of_its_job",
    ),
    Mutation(
        "starting again leaves the earlier processors running",
        "step3_memory_queue.py",
        "Processor.pool.stop(timeout=30)",
        "pass",
        "tests/test_step3_memory_queue.py::test_start_again_replaces_the_earlier_pool",
    ),
    Mutation(
        "processors keep a script from ending",
        "step3_memory_queue.py",
        "self.stopping.is_set() or not threading.main_thread().is_alive()",
        "self.stopping.is_set()",
        "tests/test_step3_memory_queue.py::test_a_script_with_processors_ends_after_the_job_in_hand_when_its_main_thread_ends",
    ),
    Mutation(
        "jobs are added and taken at the same end",
        "step4_redis_queue.py",
        "self.redis.lpush(",
        "self.redis.rpush(",
        "tests/test_backend_contract.py::test_jobs_are_taken_in_the_order_in_which_they_were_put",
    ),
    Mutation(
        "qsize is always 0",
        "step4_redis_queue.py",
        "return int(self.redis.llen(self.key))",
        "return 0",
        "tests/test_backend_contract.py::test_qsize_is_how_many_wait",
    ),
    Mutation(
        "put does not say how many wait",
        "step4_redis_queue.py",
        "return int(self.redis.lpush(self.key, payload))",
        "self.redis.lpush(self.key, payload); return 1",
        "tests/test_step4_redis_queue.py::test_perform_queue_returns_how_many_wait",
    ),
    Mutation(
        "the client repeats a command whose reply was lost",
        "redis_client.py",
        "Retry(NoBackoff(), 0)",
        "Retry(NoBackoff(), 3)",
        "tests/test_step4_redis_queue.py::test_a_server_that_cannot_be_used_is_reported_within_3_s_with_what_to_do",
    ),
    Mutation(
        "in a cluster, the client repeats a command whose reply was lost",
        "redis_client.py",
        "Retry(NoBackoff(), 1, (MovedError,))",
        "Retry(NoBackoff(), 1)",
        "tests/test_cluster.py::test_nothing_is_repeated_but_what_another_node_has_to_do",
    ),
    Mutation(
        "a hash tag leaves the keys where they are",
        "step4_redis_queue.py",
        "self.key = redis_client.tagged(hash_tag)",
        "redis_client.tagged(hash_tag)",
        "tests/test_cluster.py::test_every_step_works_on_a_cluster",
    ),
    Mutation(
        "any class of the program can be named on the wire",
        "step4_redis_queue.py",
        'if not cls.__module__.startswith("luffy_lesson.step"):',
        "if True:",
        "tests/test_step4_redis_queue.py::test_the_base_classes_of_the_steps_are_no_workers",
    ),
    Mutation(
        "a worker's namesake takes over in silence",
        "step4_redis_queue.py",
        "if new != old:",
        "if False:",
        "tests/test_step4_redis_queue.py::test_a_namesake_in_another_module_takes_over_the_jobs_and_a_warning_says_so",
    ),
    Mutation(
        "a processor ends when its server is away",
        "step4_redis_queue.py",
        "self.stopping.wait(1)",
        "return",
        "tests/test_step4_redis_queue.py::test_a_processor_outlasts_a_lost_reply",
    ),
    Mutation(
        "a job is nested as deep as this Python reads",
        "step4_redis_queue.py",
        "default=0) > DEEPEST:",
        "default=0) > 10**9:",
        "tests/test_backend_contract.py::test_arguments_of_more_than_64_levels_are_refused_on_every_python",
    ),
    Mutation(
        "a quote in a string ends it",
        "step4_redis_queue.py",
        """.replace(r"\\"", "")""",
        "",
        "tests/test_backend_contract.py::test_arguments_of_64_levels_arrive",
    ),
    Mutation(
        "a job that was taken is expected no more before it is told to be in hand",
        "classroom/watch/hooks.py",
        "        with backlog.lock:  # what is expected no more is told to be in hand\n"
        "            since = backlog.taken(job) if from_queue else None\n",
        "        since = backlog.taken(job) if from_queue else None\n        with backlog.lock:\n",
        "tests/classroom/watch/test_hooks.py::test_a_job_is_taken_and_told_to_be_in_hand_at_once",
    ),
    Mutation(
        "a board that is left with jobs waiting does not come to rest",
        "classroom/watch/board.py",
        "if self._left and self._all_done(waiting):",
        "if False:",
        "tests/classroom/watch/test_board.py::test_jobs_that_were_in_hand_before_the_board_was_opened_are_seen_to_end",
    ),
    Mutation(
        "what a learner writes is HTML on the board",
        "classroom/watch/board_html.py",
        'text = f"{escape(_cut(job.job))} {spent:.1f} s"',
        'text = f"{_cut(job.job)} {spent:.1f} s"',
        "tests/classroom/watch/test_board_html.py::test_nothing_that_a_learner_writes_is_html",
    ),
    Mutation(
        "a journey forgets what a killed process had in hand",
        "classroom/watch/scene.py",
        "state=gone",
        'state="waiting"',
        "tests/classroom/watch/test_journey.py::test_a_job_whose_process_is_killed_is_left_behind_and_put_back_and_done_by_another",
    ),
    Mutation(
        "a batch is not told",
        "classroom/watch/hooks.py",
        "if len(payloads) > 1:",
        "if not payloads:",
        "tests/classroom/watch/test_hooks.py::test_what_comes_in_a_batch_is_told_before_it_is_begun_and_what_goes_back_not_begun",
    ),
    Mutation(
        "a job flies over the map instead of following the arrows",
        "classroom/watch/map.py",
        "way = [self._origin(token), *self._route(token), (x + 11, y + 8)]",
        "way = [self._origin(token), (x + 11, y + 8)]",
        "tests/classroom/watch/test_map.py::test_on_its_way_it_follows_the_arrow_that_says_so",
    ),
    Mutation(
        "a job that was put back waits behind the others on the map",
        "classroom/watch/map.py",
        "return (0, -now.at, token.number) if now.first else",
        "return",
        "tests/classroom/watch/test_map.py::test_a_job_that_was_put_back_is_where_the_next_one_is_taken",
    ),
    Mutation(
        "what a worker process tells of its jobs is printed",
        "classroom/watch/elsewhere.py",
        'return b""',
        "return line[0]",
        "tests/classroom/watch/test_elsewhere.py::test_a_kill_in_one_process_and_the_recovery_in_another_are_one_journey",
    ),
    Mutation(
        "a prediction that was compared leaves its widget in the notebook",
        "classroom/page/predict.py",
        "        self.keep()\n",
        "",
        "tests/classroom/page/test_predict.py::test_what_was_chosen_stays_in_the_notebook_without_a_widget",
    ),
    Mutation(
        "a drawing that fails ends the board",
        "classroom/watch/board.py",
        "            except Exception:  # of the way",
        "            except ZeroDivisionError:  # of the way",
        "tests/classroom/watch/test_board.py::test_a_drawing_that_fails_costs_no_fact_and_the_next_one_is_tried",
    ),
    Mutation(
        "the website does not refuse",
        "classroom/experiments/website.py",
        "if self._now == self.at_once:",
        "if False:",
        "notebooks/02_threaded.ipynb",
    ),
    Mutation(
        "a job is popped, not moved",
        "step5_reliable_queue.py",
        'self.redis.blmove(self.home(to), to, seconds, "RIGHT", "LEFT")',
        "(self.redis.brpop([self.key], seconds) or [None, None])[1]",
        "tests/test_step5_reliable_queue.py::test_a_job_in_hand_of_a_killed_process_is_done_by_another",
    ),
    Mutation(
        "a list is used before it has a heartbeat",
        "step5_reliable_queue.py",
        "self.backend.beat(self)",
        "pass",
        "tests/test_step5_reliable_queue.py::test_there_is_a_heartbeat_before_the_first_job_is_in_hand",
    ),
    Mutation(
        "jobs are put back of those whose heartbeats have not stopped",
        "step5_reliable_queue.py",
        "now = self.now()\n        for in_flight in",
        "now = self.now() + 1000\n        for in_flight in",
        "tests/test_step5_reliable_queue.py::test_a_job_that_takes_longer_than_a_heartbeat_lasts_is_not_given_to_another",
    ),
    Mutation(
        "a job is put back although its owner beats again in the meantime",
        "step5_reliable_queue.py",
        "if heartbeat > tonumber(ARGV[1]) or not",
        "if not",
        "tests/test_step5_reliable_queue.py::test_a_job_is_not_put_back_when_its_owner_beats_again_in_the_meantime",
    ),
    Mutation(
        "the list of one that is gone is forgotten at once",
        "step5_reliable_queue.py",
        "now - WEEK)",
        "now)",
        "tests/test_step5_reliable_queue.py::test_the_list_of_one_that_is_gone_is_remembered_for_a_week",
    ),
    Mutation(
        "task_done removes nothing",
        "step5_reliable_queue.py",
        "if not self.backend.redis.lrem(self.key, -1, payload):",
        "if False:",
        "tests/test_step5_reliable_queue.py::test_a_job_in_hand_of_a_killed_process_is_done_by_another",
    ),
    Mutation(
        "a job that takes its processor with it is put back for ever",
        "step5_reliable_queue.py",
        "crashes >= self.most_crashes",
        "False",
        "tests/test_step5_reliable_queue.py::test_a_job_whose_processors_were_gone_three_times_is_dead",
    ),
    Mutation(
        "what came after its reply was lost waits for the heartbeat to stop",
        "step5_reliable_queue.py",
        "while self.backend.give_back(self.key, 100, *ends) == 100:",
        "while False:",
        "tests/test_step5_reliable_queue.py::test_a_job_that_was_on_its_way_is_taken_again_after_a_lost_reply",
    ),
    Mutation(
        "a keeper ends when its server is away",
        "step5_reliable_queue.py",
        'logger.warning("%r: %s (trying again in %g s)", self.backend, str(error) or repr(error), every)',
        "return",
        "tests/test_step5_reliable_queue.py::test_a_keeper_outlasts_a_server_that_is_away",
    ),
    Mutation(
        "a job is moved a second early",
        "step6_schedule.py",
        "now[1] + now[2] / 1e6",
        "now[1] + 1 + now[2] / 1e6",
        "tests/test_step6_schedule.py::test_no_job_is_done_before_it_is_due_or_much_later",
    ),
    Mutation(
        "the clock of a machine says when a job is due",
        "step6_schedule.py",
        "backend.now() + seconds)",
        "__import__('time').time() + seconds)",
        "tests/test_step6_schedule.py::test_the_clock_of_the_server_says_what_is_due",
    ),
    Mutation(
        "a time without a time zone is taken for one",
        "step6_schedule.py",
        "if when.utcoffset() is None:",
        "if False:",
        "tests/test_step6_schedule.py::test_the_mend_that_the_message_about_time_zones_tells_works",
    ),
    Mutation(
        "a job that is in this list no more is tried again",
        "step5_reliable_queue.py",
        " or not redis.call('LPOS', KEYS[2], ARGV[2])",
        "",
        "tests/test_step7_retries.py::test_a_job_that_fails_after_it_was_put_back_is_not_in_two_places",
    ),
    Mutation(
        "tries are not counted",
        "step7_retries.py",
        "self.judge(message.payload, worker, failure(error, tries))",
        "self.judge(message.payload, worker, failure(error, 1))",
        "tests/test_step7_retries.py::test_a_job_that_always_fails_is_dead_after_its_last_try",
    ),
    Mutation(
        "the dead become more and more",
        "step7_retries.py",
        "both.zremrangebyrank(self.dead_set, 0, -self.most_dead - 1)",
        "pass",
        "tests/test_step7_retries.py::test_only_the_latest_dead_jobs_are_kept",
    ),
    Mutation(
        "what makes no sense is not kept as it was",
        "step7_retries.py",
        'payload.decode("utf-8", "surrogateescape")',
        'payload.decode("utf-8", "replace")',
        "tests/test_hostile_payloads.py::test_any_bytes_are_dead_byte_for_byte",
    ),
    Mutation(
        "a dead job is sent back twice",
        "step7_retries.py",
        "if not redis.call('ZSCORE', KEYS[1], ARGV[1]) then return 0 end",
        "",
        "tests/test_model.py::test_no_job_is_ever_lost_or_in_two_places",
    ),
    Mutation(
        "a list is trusted after a reply was lost",
        "step5_reliable_queue.py",
        "            self.unsure = True\n            self.to_blame",
        "            self.to_blame",
        "tests/test_model.py::test_no_job_is_ever_lost_or_in_two_places",
    ),
    Mutation(
        "a batch is not given back",
        "step8_fast_queue.py",
        "                processor.consumer.tidy()\n",
        "                pass\n",
        "tests/test_step8_fast_queue.py::test_stop_gives_back_at_once_what_was_not_begun",
    ),
    Mutation(
        "a job that was left behind comes with others",
        "step8_fast_queue.py",
        "if string.find(portion[i], '\"crashes\"', 1, true) then most = 1 end",
        "",
        "tests/test_step8_fast_queue.py::test_a_job_that_was_left_behind_comes_alone",
    ),
    Mutation(
        "what was given back comes in another order",
        "step8_fast_queue.py",
        'in_flight, count, "LEFT", "RIGHT", length)',
        'in_flight, count, "LEFT", "LEFT", length)',
        "tests/test_step8_fast_queue.py::test_close_gives_back_what_is_prefetched_in_its_order_and_acknowledges_the_rest",
    ),
    Mutation(
        "newer jobs are taken while a batch goes back",
        "step8_fast_queue.py",
        "        with self.lock:\n            self.acknowledge()\n            if self.since",
        "        if True:\n            self.acknowledge()\n            if self.since",
        "tests/test_step8_fast_queue.py::test_who_has_a_batch_takes_nothing_newer_while_it_goes_back",
    ),
    Mutation(
        "the way to the server counts as time of the job",
        "step8_fast_queue.py",
        "self.since += time.monotonic() - begin",
        "pass",
        "tests/test_step8_fast_queue.py::test_quick_jobs_are_taken_many_at_a_time_from_a_server_that_is_far_away",
    ),
    Mutation(
        "it is acknowledged by count although the list is another",
        "step8_fast_queue.py",
        "if redis.call('LLEN', KEYS[2]) ~= tonumber(ARGV[1]) then return false end",
        "",
        "tests/test_step8_fast_queue.py::test_a_frozen_one_that_goes_on_acknowledges_nothing_that_others_have",
    ),
    Mutation(
        "it is acknowledged by count after a fetch whose reply was lost",
        "step5_reliable_queue.py",
        "            self.unsure = True\n            self.to_blame",
        "            self.to_blame",
        "tests/test_step8_fast_queue.py::test_a_fetch_that_fails_loses_nothing",
    ),
    Mutation(
        "of equal jobs one that is not begun is moved",
        "step5_reliable_queue.py",
        "return redis.call('LREM', KEYS[2], -1, ARGV[2])",
        "return redis.call('LREM', KEYS[2], 1, ARGV[2])",
        "tests/test_step8_fast_queue.py::test_of_equal_jobs_that_fail_in_a_batch_each_is_noted",
    ),
    Mutation(
        "what goes back without an answer is forgotten",
        "step8_fast_queue.py",
        "            if begun[payload] < 0:",
        "            if False:",
        "tests/test_step8_fast_queue.py::test_what_goes_back_without_an_answer_is_not_lost_or_done_twice",
    ),
    Mutation(
        "a batch is given back only at the end",
        "step8_fast_queue.py",
        "began = time.monotonic() - 10 * self.batch_lasts",
        "began = -math.inf",
        "tests/test_step8_fast_queue.py::test_what_cannot_be_promoted_keeps_nothing_from_going_back",
    ),
    Mutation(
        "a push in which others travelled has one length for all",
        "step8_fast_queue.py",
        "return self.length - len(self.payloads) + 1 + place",
        "return self.length",
        "tests/test_step8_fast_queue.py::test_pushes_of_many_threads_travel_together_and_each_gets_its_own_length",
    ),
    Mutation(
        "what is large and exact is read as a float",
        "step8_fast_queue.py",
        'if read(step4_redis_queue.shallow(payload))["args"] != list(job.args):',
        "if False:",
        "tests/test_step8_fast_queue.py::test_what_can_travel_is_what_could_and_arrives_the_same",
    ),
    Mutation(
        "what a dead process held goes back to the default queue",
        "step9_queues.py",
        'return self.key_if_name(self.name_of(text.rpartition(":in_flight:")[0]))',
        "return self.key",
        "tests/test_step9_queues.py::test_queues_in_a_list_are_emptied_in_its_order",
    ),
    Mutation(
        "weights are ignored",
        "step9_queues.py",
        "random.expovariate(weights[lane.name])",
        "random.expovariate(1)",
        "tests/test_step9_queues.py::test_weights_say_how_often_each_queue_is_first",
    ),
    Mutation(
        "what is finished in another queue is not acknowledged",
        "step9_queues.py",
        "for lane = 1, #KEYS / 2 do redis.call('LTRIM', KEYS[2 * lane], 0, -1 - ARGV[3 * lane - 1]) end",
        "redis.call('LTRIM', KEYS[2], 0, -1 - ARGV[2])",
        "tests/test_step9_queues.py::test_a_processor_empties_them_in_order_too",
    ),
    Mutation(
        "who is done keeps an equal job from coming",
        "step9_queues.py",
        "        result = super().perform()\n        self.backend.release(self.payload)\n",
        "        result = super().perform()\n",
        "tests/test_step9_queues.py::test_an_equal_job_may_come_when_the_first_is_done",
    ),
    Mutation(
        "what has waited too long is performed",
        "step9_queues.py",
        "late = end is not None and end < self.now()",
        "late = False",
        "tests/test_step9_queues.py::test_what_has_waited_too_long_is_not_performed_and_is_counted",
    ),
    Mutation(
        "what the server says to who waits is not read",
        "step9_queues.py",
        "heard |= self.answer(key.data) is not None",
        "heard = True",
        "tests/test_step9_queues.py::test_several_queues_cost_no_more_round_trips_than_one",
    ),
    Mutation(
        "a job that was given away by hand is acknowledged in the place of another",
        "step9_queues.py",
        "return self.length if self.prefetches else -1,",
        "return self.length,",
        "tests/test_step9_queues.py::test_by_hand_what_was_given_away_is_not_acknowledged_in_the_place_of_another",
    ),
    Mutation(
        "the registry tells of those whose entry is over",
        "step10_process.py",
        "local lasting = string.format('(%.6f', now[1] + now[2] / 1e6)",
        "local lasting = '-inf'",
        "tests/test_step10_process.py::test_an_entry_ends_by_the_servers_clock_and_others_delete_it",
    ),
    Mutation(
        "nobody deletes the entries that are over",
        "step10_process.py",
        "  redis.call('ZREM', KEYS[1], id)",
        "  redis.call('ZREM', KEYS[1], '')",
        "tests/test_step10_process.py::test_an_entry_ends_by_the_servers_clock_and_others_delete_it",
    ),
    Mutation(
        "a pool obeys the same word again and again",
        "step10_process.py",
        "new, self.told = told != self.told, told",
        "new = bool(told)",
        "tests/test_step10_process.py::test_a_word_is_obeyed_once_although_an_answer_is_lost",
    ),
    Mutation(
        "a pool that is quiet leaves the registry",
        "step10_process.py",
        "return self.quieted and not self.stopped.is_set()",
        "return False and not self.stopped.is_set()",
        "tests/test_step10_process.py::test_a_pool_that_is_quiet_stays_until_it_is_stopped",
    ),
    Mutation(
        "who has lost a job at the deadline acknowledges one all the same",
        "step10_process.py",
        "one.copied |= held",
        "pass",
        "tests/test_step10_process.py::test_what_is_in_hand_goes_back_to_be_taken_next_and_is_acknowledged_by_nobody_else",
    ),
    Mutation(
        "the last middleware is the outermost",
        "step10_process.py",
        "return chain[place](job",
        "return chain[-1 - place](job",
        "tests/test_step10_process.py::test_middleware_goes_around_each_job_the_outermost_first",
    ),
    Mutation(
        "a time limit lasts longer than its job",
        "step10_process.py",
        "        limit.end()",
        "            pass",
        "tests/test_step10_process.py::test_who_is_in_time_is_not_interrupted_then_or_later",
    ),
    Mutation(
        "a large job is in the registry with all its bytes",
        "step10_process.py",
        "Message(job[:room])",
        "Message(job)",
        "tests/test_step10_process.py::test_of_a_large_job_it_tells_the_beginning",
    ),
    Mutation(
        "a signal to a forked child is heard by its parent",
        "step10_process.py",
        "            signal.set_wakeup_fd(-1)",
        "            pass",
        "tests/test_step10_process.py::test_a_signal_that_somebody_else_handles_stops_no_process",
    ),
    Mutation(
        "an engine's program outlives who started it",
        "step11_engines/guard.py",
        "        program.send_signal(number[0])\n    end_the_rest()",
        "        program.send_signal(number[0])",
        "tests/test_step11_engines.py::test_no_process_outlives_the_one_that_started_it[killed]",
    ),
    Mutation(
        "what an engine's program has started outlives it",
        "step11_engines/guard.py",
        "    code = program.wait()\n    end_the_rest()",
        "    code = program.wait()",
        "tests/test_step11_engines.py::test_stop_waits_for_the_jobs_in_hand",
    ),
    Mutation(
        "an engine's program that died is not begun again",
        "step11_engines/engine.py",
        "if not self.ready:\n                return",
        "if True:\n                return",
        "tests/test_step11_engines.py::test_a_program_that_dies_is_begun_again",
    ),
    Mutation(
        "an engine's backend shows its password",
        "step11_engines/engine.py",
        "{at.hostname}{port}",
        "{at.netloc}",
        "tests/test_step11_engines.py::test_what_is_due_too_late_is_refused",
    ),
    Mutation(
        "sys.exit() in a job ends the engine's process",
        "step11_engines/engine.py",
        "except NOT_CAUGHT as error:",
        "except ZeroDivisionError as error:",
        "tests/test_step11_engines.py::test_a_time_limit_is_kept",
    ),
    Mutation(
        "an engine gets the first jobs of many that cannot all travel",
        "step11_engines/engine.py",
        "checked = [self.check(job) for job in jobs]",
        "checked = (self.check(job) for job in jobs)",
        "tests/test_step11_engines.py::test_one_rule_for_arguments",
    ),
    Mutation(
        "an engine gets a job that is due too late for it",
        "step11_engines/engine.py",
        "if due - self.now() > self.longest:",
        "if False:",
        "tests/test_step11_engines.py::test_what_is_due_too_late_is_refused",
    ),
    Mutation(
        "what a worker says of its jobs is dropped on an engine",
        "step11_engines/engine.py",
        "!= usual:",
        "!= value:",
        "tests/test_step11_engines.py",
    ),
    Mutation(
        "a job that kills its process is begun for ever on an engine",
        "step11_engines/engine.py",
        "if self.begin(key) > self.most_crashes:",
        "if False:",
        "tests/test_step11_engines.py::test_a_job_with_which_three_processes_have_died_is_given_up_until_it_is_sent_back",
    ),
    Mutation(
        "a job that has ended counts as a crash",
        "step11_engines/engine.py",
        "self.crashes.unlink(key)",
        "pass",
        "tests/test_step11_engines.py::test_a_job_in_hand_counts_as_a_crash_until_it_has_ended",
    ),
    Mutation(
        "a time limit is not kept on an engine",
        "step11_engines/engine.py",
        "        Limit.enforce()",
        "        pass",
        "tests/test_step11_engines.py::test_a_time_limit_is_kept",
    ),
    Mutation(
        "an engine's program has no backend",
        "step11_engines/program.py",
        "step11_engines.Luffy.backend = backend",
        "pass",
        "tests/engines/test_rq_and_huey.py::test_rq_calls_only_workers",
    ),
    Mutation(
        "RQ calls whatever a job names",
        "step11_engines/rq.py",
        "return self.call\n",
        "return super().func\n",
        "tests/engines/test_rq_and_huey.py::test_rq_calls_only_workers",
    ),
    Mutation(
        "RQ does a job before it is due",
        "step11_engines/rq.py",
        "whole = math.ceil(due)",
        "whole = math.floor(due)",
        "tests/engines/test_rq_and_huey.py::test_rq_is_told_a_whole_second_that_is_no_earlier",
    ),
    Mutation(
        "RQ tries nothing again",
        "step11_engines/rq.py",
        "rq.Retry(retries, seconds) if retries else None",
        "None",
        "tests/engines/test_rq_and_huey.py::test_rq_asks_for_the_backoff_of_all_tries_when_a_job_is_put",
    ),
    Mutation(
        "RQ ends a job after three minutes",
        "step11_engines/rq.py",
        '"job_timeout": -1',
        '"job_timeout": 180',
        "tests/engines/test_rq_and_huey.py::test_rq_asks_for_the_backoff_of_all_tries_when_a_job_is_put",
    ),
    Mutation(
        "who was killed keeps others of RQ from what was left behind for a quarter of an hour",
        "step11_engines/rq.py",
        "nx=True, ex=60",
        "nx=True, ex=900",
        "tests/engines/test_rq_and_huey.py::test_who_is_killed_while_looking_for_what_was_left_behind_keeps_others_from_it_for_a_minute",
    ),
    Mutation(
        "Huey is stopped so that it loses what is in hand",
        "step11_engines/huey.py",
        "stops = signal.SIGINT",
        "stops = signal.SIGTERM",
        "tests/engines/test_rq_and_huey.py::test_stop_waits_for_the_job_in_hand[Huey]",
    ),
    Mutation(
        "Huey reads jobs that are no JSON",
        "step11_engines/huey.py",
        "serializer=Json(), ",
        "",
        "tests/engines/test_rq_and_huey.py::test_huey_calls_only_workers",
    ),
    Mutation(
        "Huey's jobs are elsewhere than the course's",
        "step11_engines/huey.py",
        '"luffy:huey:queue", "luffy:huey:schedule"',
        '"huey:queue", "huey:schedule"',
        "tests/engines/test_rq_and_huey.py::test_all_its_keys_begin_alike[Huey]",
    ),
    Mutation(
        "Huey tries nothing again",
        "step11_engines/huey.py",
        "                task.retries = left\n",
        "",
        "tests/engines/test_rq_and_huey.py::test_a_job_is_tried_again_as_its_worker_says[Huey]",
    ),
    Mutation(
        "Sidekiq 8 gets times of Sidekiq 6",
        "step11_engines/sidekiq.py",
        "if self.version >= 8 else",
        "if self.version >= 9 else",
        "tests/engines/test_sidekiq.py::test_from_version_8_on_times_are_whole_milliseconds",
    ),
    Mutation(
        "times of Sidekiq 8 are read as seconds",
        "step11_engines/sidekiq.py",
        "stamp / 1000 if stamp > 1e11 else stamp",
        "stamp",
        "tests/engines/test_sidekiq.py::test_times_of_both_kinds_are_read",
    ),
    Mutation(
        "Sidekiq does not know a queue that has got a job",
        "step11_engines/sidekiq.py",
        "        self.make_known(key)\n        new = note",
        "        new = note",
        "tests/engines/test_sidekiq.py::test_a_job_goes_to_a_queue_of_rubys_whatever_its_name",
    ),
    Mutation(
        "a job of Sidekiq's that kills its process is begun for ever",
        "step11_engines/sidekiq.py",
        "if crashes < self.most_crashes:",
        "if True:",
        "tests/engines/test_sidekiq.py::test_a_job_that_kills_three_processes_is_dead",
    ),
    Mutation(
        "what our processors have in hand of Sidekiq's is not counted",
        "step11_engines/sidekiq.py",
        "COUNT = step9_queues.COUNT.replace(\"'^(.*):in_flight:'\", \"'^luffy:(.*):in_flight:'\")",
        "COUNT = step9_queues.COUNT",
        "tests/engines/test_sidekiq.py::test_what_our_processors_have_in_hand_is_counted",
    ),
    Mutation(
        "a job of Sidekiq's that wants no retry is kept",
        "step11_engines/sidekiq.py",
        'if told.get("retry") is False:',
        "if False:",
        "tests/engines/test_sidekiq.py::test_a_job_may_say_that_it_is_forgotten_when_it_fails",
    ),
    Mutation(
        "text that no Ruby can read goes to Sidekiq",
        "step11_engines/sidekiq.py",
        "except UnicodeEncodeError as error:",
        "except ZeroDivisionError as error:",
        "tests/engines/test_sidekiq.py::test_text_that_ruby_cannot_read_is_refused",
    ),
    Mutation(
        "Celery acknowledges a job before it is done",
        "step11_engines/celery.py",
        '"task_acks_late": True',
        '"task_acks_late": False',
        "tests/engines/test_celery_and_dramatiq.py::test_a_job_whose_process_is_killed_is_begun_again[Celery-redis_url-LongOnce]",
    ),
    Mutation(
        "Celery believes any server with TLS",
        "step11_engines/celery.py",
        "ssl.CERT_REQUIRED",
        "ssl.CERT_NONE",
        "tests/engines/test_every_engine.py::test_a_server_whose_certificate_nobody_vouches_for_is_told[Celery]",
    ),
    Mutation(
        "Celery takes what it would do twice",
        "step11_engines/celery.py",
        "self.longest = 2.0**28 if self.on_rabbitmq else visibility_timeout",
        "self.longest = 2.0**28",
        "tests/engines/test_celery_and_dramatiq.py::test_what_would_be_done_twice_is_refused",
    ),
    Mutation(
        "Celery takes another address from the environment",
        "step11_engines/celery.py",
        "if os.environ.get(name, self.url) != self.url:",
        "if False:",
        "tests/engines/test_celery_and_dramatiq.py::test_celery_takes_no_other_address_from_the_environment",
    ),
    Mutation(
        "Dramatiq tries a job again too soon",
        "step11_engines/dramatiq.py",
        "delay=round(self.backoff(name, tries) * 1000)",
        "delay=round(self.backoff(name, tries))",
        "tests/engines/test_celery_and_dramatiq.py::test_what_fails_is_tried_as_often_and_as_late_as_its_worker_says[Dramatiq-redis_url]",
    ),
    Mutation(
        "Dramatiq gives up no job",
        "step11_engines/dramatiq.py",
        "if tries >= self.worker(name).retries or isinstance(error, Poison):",
        "if isinstance(error, Poison):",
        "tests/engines/test_celery_and_dramatiq.py::test_what_fails_is_tried_as_often_and_as_late_as_its_worker_says[Dramatiq-redis_url]",
    ),
    Mutation(
        "processes outlive who looks after them",
        "launcher/supervisor.py",
        "            os.close(self.life)\n            return True",
        "            return True",
        "tests/launcher/test_supervisor.py::test_it_leaves_no_orphans_when_it_is_killed",
    ),
    Mutation(
        "nobody kills a process that hears no signal",
        "launcher/supervisor.py",
        "os.kill(self.parent, signal.SIGKILL)",
        "pass",
        "tests/launcher/test_work.py::test_a_job_that_keeps_pythons_lock_does_not_keep_the_process",
    ),
    Mutation(
        "the dashboard answers whoever has made a name lead to it",
        "dashboard/web.py",
        "if self.request.host_name.lower() not in NAMES:",
        "if False:",
        "tests/dashboard/test_web.py::test_who_asks_for_another_host_is_refused",
    ),
    Mutation(
        "the dashboard takes a post from any page",
        "dashboard/web.py",
        "xsrf_cookies=True",
        "xsrf_cookies=False",
        "tests/dashboard",
    ),
    Mutation(
        "the dashboard is there for the whole network",
        "dashboard/web.py",
        '{"127.0.0.1": socket.AF_INET,',
        '{"0.0.0.0": socket.AF_INET,',
        "tests/dashboard/test_web.py::test_the_command_says_its_address_listens_on_loopback_only_and_ends_when_it_is_told_to",
    ),
    Mutation(
        "a page of the dashboard reads every dead job",
        "dashboard/snapshot.py",
        "backend.dead(most, first)]",
        "backend.dead()][first : first + most]",
        "tests/dashboard",
    ),
    Mutation(
        "a job's name is HTML on the dashboard",
        "dashboard/templates/jobs.html",
        '<th scope="row"><bdi class="job">{{ job.job }}</bdi></th>',
        '<th scope="row"><bdi class="job">{% raw job.job %}</bdi></th>',
        "tests/dashboard/test_web.py::test_hostile_jobs_are_text_on_the_page",
    ),
    Mutation(
        "a character that turns the direction of a line does so on the dashboard",
        "dashboard/snapshot.py",
        "one if one.isprintable() else",
        "one if True else",
        "tests/dashboard",
    ),
    Mutation(
        "the dashboard retries another job when the one that was meant is gone",
        "dashboard/snapshot.py",
        "            if key(one.entry) == which:",
        "            if True:",
        "tests/dashboard",
    ),
    Mutation(
        "a job's name is HTML in a fleet",
        "classroom/watch/fleet.html",
        "{{ one.job }}",
        "{% raw one.job %}",
        "tests/classroom/watch/test_fleet.py::test_hostile_jobs_are_text",
    ),
    Mutation(
        "a fleet that was closed is still drawn",
        "classroom/watch/fleet.py",
        "        self._closing.set()\n        self._thread.join(timeout=10)",
        "        self._thread.join(timeout=0)",
        "tests/classroom/watch/test_fleet.py::test_it_comes_to_rest_when_it_is_closed_when_another_opens_and_with_a_fresh_lesson",
    ),
]


def noticed(package: Path, *by: str) -> str:
    """Run what should notice. Return the end of what pytest printed when it failed, nothing when all passed."""
    named = ["-m", ""] if "::" in by[0] else []  # a test that is named runs, whatever mark it has
    # The method of the time limit ends also a process whose lock is held for ever.
    options = ["-p", "tests.fast_import", "-x", "-q", "-p", "no:cacheprovider", "-n0", "--timeout-method=thread"]
    ended, printed = run_tests(package, *options, *named, *by)
    assert ended in (0, 1), printed  # anything else is no failed test
    return printed[-2000:] if ended else ""


@pytest.fixture(scope="session")
def checkout(tmp_path_factory):
    """A copy, whose every mutation is undone: what Python has compiled of the rest is of use to all."""
    copy = tmp_path_factory.mktemp("mutated") / "checkout"
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(".git", ".venv", "*.egg-info", ".*_cache", "*.pyc.*"))
    for path in (copy / "notebooks").glob("*.ipynb"):
        notebook = nbformat.read(path, as_version=4)
        # A cell that shows the source notices any change of it. What the code does must be noticed without those.
        notebook.cells = [cell for cell in notebook.cells if not cell.source.startswith(("show(", "adds("))]
        nbformat.write(notebook, path)
    return copy


def write(file: Path, source: str) -> None:
    file.write_text(source)
    # Python takes what it has compiled for the same when the length is the same and the second, too.
    Path(importlib.util.cache_from_source(str(file))).unlink(missing_ok=True)


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_broken_package_is_noticed(checkout, mutation):
    file = checkout / "luffy_lesson" / mutation.file
    source = file.read_text()
    assert source.count(mutation.old) == 1, "this mutation no longer applies: write it anew"
    write(file, source.replace(mutation.old, mutation.new))
    try:
        assert noticed(checkout, mutation.noticed_by)
    finally:
        write(file, source)


def together() -> list[list[str]]:
    """What notices: the tests that are named of a file are run together."""
    every = sorted({mutation.noticed_by for mutation in MUTATIONS})
    return [list(of) for _, of in itertools.groupby(every, lambda by: (by.split("::")[0], "::" in by))]


@pytest.mark.parametrize("by", together(), ids=lambda by: by[0].split("::")[0])
def test_the_unbroken_package_passes_the_same(checkout, by):
    assert not noticed(checkout, *by)
