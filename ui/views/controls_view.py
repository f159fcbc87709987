"""How the music is asked for: the generator, what it should be like, and how a take is made. Every field's
usual value is right without reading."""

from __future__ import annotations

from PyQt6.QtCore import QSignalBlocker, Qt
from PyQt6.QtGui import QIntValidator, QResizeEvent
from PyQt6.QtWidgets import (
    QBoxLayout,
    QFormLayout,
    QFrame,
    QGroupBox,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ..models.panel import PanelModel
from ..observable import show
from ..ports import ModelRow
from ..session import Controls
from ..text import tr
from .feel_fields import FeelFields
from .like_field import LikeField
from .parts import check_box, label, named, push, row
from .take_fields import Number, choice, choose

_SEED_MOST = 2**31 - 1
_GB = 1e9
_TWO_COLUMNS_PX = 580


def facts(model: ModelRow) -> str:
    """Licence and memory of a generator, one line."""
    parts = [model.licence]
    if model.commercial is not None:
        parts.append(tr("model.commercial" if model.commercial else "model.not_commercial"))
    if model.memory_bytes is not None:
        parts.append(tr("model.memory", gb=f"{model.memory_bytes / _GB:.1f}"))
    return " · ".join(part for part in parts if part)


class ControlsView(QScrollArea):
    """The fields of Controls, and density, tempo and key, grouped; they scroll where there is no room."""

    def __init__(self, model: PanelModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._model = model
        controls = model.controls
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(tr("controls.title"))

        self.model = choice("controls.model", self._choose_model)
        self.facts = label(dim=True, wrap=True)
        self.style_name = choice("controls.style", lambda name: controls.set(style=name))
        self.audition = push("controls.audition", controls.audition)
        self.mood = self._line("controls.mood", "mood")
        self.prompt = self._line("controls.prompt", "prompt")
        self.like = LikeField(model)
        self.feel = FeelFields(model)
        self.seed = named(QLineEdit(), "controls.seed")
        self.seed.setValidator(QIntValidator(0, _SEED_MOST, self.seed))
        self.seed.setPlaceholderText(tr("controls.seed.drawn"))
        self.seed.editingFinished.connect(self._set_seed)
        self.loudness = Number("controls.loudness", -40.0, -6.0, 0.5, " LUFS", decimals=1)
        self.loudness.chosen.connect(lambda value: controls.set(loudness=value))
        self.candidates = Number("controls.candidates", 1, 8, 1)
        self.candidates.chosen.connect(
            lambda value: controls.set(candidates=None if value is None else round(value))
        )
        self.separate = check_box("controls.separate", lambda on: controls.set(separate=on))
        self.use = choice("controls.use", lambda name: controls.set(use=name))
        self.use.addItem(tr("controls.use.any"), "any")
        self.use.addItem(tr("controls.use.client"), "client")
        self.fit = choice("controls.fit", lambda name: controls.set(fit=name or None))
        for name in ("", "steady", "tight"):
            self.fit.addItem(tr(f"controls.fit.{name or 'own'}"), name)

        style = QWidget()
        style_row = row(self.style_name, self.audition)
        style_row.setStretchFactor(self.style_name, 1)
        style.setLayout(style_row)
        self._music = self._group(
            "controls.music",
            ("controls.model", self.model),
            ("", self.facts),
            ("controls.style", style),
            ("controls.mood", self.mood),
            ("controls.prompt", self.prompt),
            ("controls.like", self.like),
        )
        self._take = self._group(
            "controls.take",
            ("controls.fit", self.fit),
            ("controls.seed", self.seed),
            ("controls.loudness", self.loudness),
            ("controls.use", self.use),
            ("controls.candidates", self.candidates),
            ("", self.separate),
        )
        feel = self._form("controls.feel", self.feel.rows())
        body = QWidget()
        self._columns = QBoxLayout(QBoxLayout.Direction.LeftToRight, body)
        self._columns.setContentsMargins(8, 2, 8, 4)
        self._columns.setSpacing(14)
        for groups in ((self._music, feel), (self._take,)):
            column = QVBoxLayout()
            column.setSpacing(2)
            for group in groups:
                column.addWidget(group)
            column.addStretch(1)
            self._columns.addLayout(column, 1)
        self.setWidget(body)

        show(controls, "models", self._show_models)
        show(controls, "controls", self._show)
        show(controls, "chosen", self._show_chosen)
        show(model.cues, "current", lambda cue: body.setEnabled(cue is None or not cue.locked))

    def resizeEvent(self, event: QResizeEvent | None) -> None:
        """Two columns where there is room for them."""
        wide = self.width() >= _TWO_COLUMNS_PX
        way = QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom
        self._columns.setDirection(way)
        super().resizeEvent(event)

    def _group(self, title: str, *fields: tuple[str, QWidget]) -> QGroupBox:
        return self._form(title, fields)

    def _form(self, title: str, fields: tuple[tuple[str, QWidget], ...]) -> QGroupBox:
        box = QGroupBox(tr(title))
        form = QFormLayout(box)
        form.setContentsMargins(0, 2, 0, 4)
        form.setVerticalSpacing(4)
        form.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft)
        for key, field in fields:
            if key:
                lead = label(tr(key))
                lead.setToolTip(tr(f"{key}.tip"))
                lead.setMinimumWidth(76)
                form.addRow(lead, field)
            else:
                form.addRow(field)
        return box

    def _line(self, key: str, field: str) -> QLineEdit:
        line = named(QLineEdit(), key)
        line.setPlaceholderText(tr(f"{key}.example"))
        line.editingFinished.connect(lambda: self._model.controls.set(**{field: line.text().strip()}))
        return line

    def _row(self, box: QGroupBox, field: QWidget, on: bool) -> None:
        form = box.layout()
        assert isinstance(form, QFormLayout)
        form.setRowVisible(field, on)

    def _choose_model(self, name: str) -> None:
        self._model.controls.set(model=name)

    def _set_seed(self) -> None:
        text = self.seed.text().strip()
        self._model.controls.set(seed=int(text) if text else None)

    def _show_models(self, models: tuple[ModelRow, ...]) -> None:
        with QSignalBlocker(self.model):
            self.model.clear()
            self.model.addItem(tr("controls.model.auto"), "auto")
            for one in models:
                self.model.addItem(
                    one.title if one.usable else tr("model.unusable", title=one.title), one.name
                )
                self.model.setItemData(
                    self.model.count() - 1, one.why_not or facts(one), Qt.ItemDataRole.ToolTipRole
                )
        with QSignalBlocker(self.style_name):
            self.style_name.clear()
            for name in self._model.controls.styles:
                shown = tr("controls.style.auto") if name == "auto" else name.replace("_", " ").capitalize()
                self.style_name.addItem(shown, name)
        self._show(self._model.controls.controls)

    def _show(self, controls: Controls) -> None:
        choose(self.model, controls.model)
        choose(self.style_name, controls.style)
        choose(self.use, controls.use)
        choose(self.fit, controls.fit or "")
        for line, text in ((self.mood, controls.mood), (self.prompt, controls.prompt)):
            if line.text() != text and not (line.hasFocus() and line.isModified()):
                line.setText(text)
        self.seed.setText("" if controls.seed is None else str(controls.seed))
        self.loudness.show_value(controls.loudness)
        self.candidates.show_value(controls.candidates)
        self.separate.setChecked(controls.separate)
        self._show_chosen(self._model.controls.chosen)

    def _show_chosen(self, chosen: ModelRow | None) -> None:
        neural = chosen is not None and chosen.name != "sketch"
        self._row(self._music, self.facts, chosen is not None)
        self._row(self._music, self.prompt, chosen is not None and chosen.reads_words)
        self._row(self._take, self.candidates, neural)
        self._row(self._take, self.separate, neural)
        if chosen is not None:
            text = facts(chosen) if chosen.usable else chosen.why_not
            auto = self._model.controls.controls.model == "auto"
            self.facts.setText(tr("controls.model.now", title=chosen.title, text=text) if auto else text)
