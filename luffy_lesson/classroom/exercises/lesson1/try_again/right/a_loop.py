from luffy_lesson import step1_sync


class Stubborn(step1_sync.Worker):
    @classmethod
    def perform_now(cls, *args):
        for left in (1, 0):
            try:
                return super().perform_now(*args)
            except Exception:
                if not left:
                    raise
