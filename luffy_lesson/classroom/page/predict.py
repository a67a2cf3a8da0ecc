"""Predictions: choose first, then run, and see what you said beside what happened."""

import ipywidgets

from luffy_lesson.classroom.page.display import Display, as_html, show_widget, stand_in


class Prediction:
    """A choice of answers. Who learns where they were wrong, learns most."""

    def __init__(self, *options: str) -> None:
        """Make the choice; nothing is chosen yet.

        Args:
            options: the answers to choose from.
        """
        self.choice = ipywidgets.RadioButtons(options=options, value=None)
        self.widget = ipywidgets.HBox([ipywidgets.Label("I say:"), self.choice])
        self._place = Display()

    @property
    def said(self) -> str | None:
        """What was chosen; None when nothing was."""
        return self.choice.value  # type: ignore[no-any-return]

    def show(self) -> None:
        """Display the answers below the cell, to choose from."""
        self._place = show_widget(self.widget, self._written())

    def keep(self) -> None:
        """Leave in the notebook what was chosen, in place of the buttons, which are of no use any more."""
        text = self._written()
        self._place.show(*(stand_in(text) if self.said is None else (as_html(text), text)))

    def compare(self, happened: object) -> None:
        """Print what was chosen, and what happened. The buttons are gone then; what was chosen stays.

        Args:
            happened: what was seen; its text is compared with the chosen one.
        """
        self.keep()
        if self.said is None:
            print(f"You have not chosen. It was: {happened}")
        else:
            print(f"You said: {self.said}. It was: {happened}. {'✓' if self.said == str(happened) else '✗'}")

    def _written(self) -> str:
        return "I say:" + "".join(f"  {'●' if option == self.said else '○'} {option}" for option in self.choice.options)


def predict(*options: str) -> Prediction:
    """Display answers to choose from, and return the prediction, whose `compare` prints it beside what happened.

    Args:
        options: the answers.
    """
    prediction = Prediction(*options)
    prediction.show()
    return prediction
