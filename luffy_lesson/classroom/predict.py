"""Predictions: choose first, then run, and see what you said beside what happened."""

import ipywidgets

from luffy_lesson.classroom.board import show_widget


class Prediction:
    """A choice of answers. Who learns where they were wrong, learns most."""

    def __init__(self, *options: str) -> None:
        """Make the choice; nothing is chosen yet.

        Args:
            options: the answers to choose from.
        """
        self.choice = ipywidgets.RadioButtons(options=options, value=None)
        self.widget = ipywidgets.HBox([ipywidgets.Label("I say:"), self.choice])

    @property
    def said(self) -> str | None:
        """What was chosen; None when nothing was."""
        return self.choice.value  # type: ignore[no-any-return]

    def compare(self, happened: object) -> None:
        """Print what was chosen, and what happened.

        Args:
            happened: what was seen; its text is compared with the chosen one.
        """
        if self.said is None:
            print(f"You have not chosen. It was: {happened}")
        else:
            print(f"You said: {self.said}. It was: {happened}. {'✓' if self.said == str(happened) else '✗'}")


def predict(*options: str) -> Prediction:
    """Display answers to choose from, and return the prediction, whose `compare` prints it beside what happened.

    Args:
        options: the answers.
    """
    prediction = Prediction(*options)
    show_widget(prediction.widget, f"Your prediction (run the cell to choose): {', '.join(options)}.")
    return prediction
