from luffy_lesson.step1_sync import Worker


class Stubborn(Worker):
    @classmethod
    def perform_now(cls, *args):
        try:
            return super().perform_now(*args)
        except Exception:  # not a bare `except:`, which would catch the interrupt of ■ as well
            return super().perform_now(*args)  # its own error is caught by nobody, and reaches the caller
