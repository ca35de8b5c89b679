"""A Dockerfile as data: its stages, and the instructions of each."""

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


@dataclass(frozen=True)
class Instruction:
    """One instruction; `flags` are those such as --from, without their dashes."""

    name: str
    text: str
    flags: Mapping[str, str]

    def words(self, variables: Mapping[str, str]) -> list[str]:
        """The arguments, in either form, JSON or plain, with variables put in."""
        try:
            words = json.loads(self.text)
        except ValueError:
            words = shlex.split(self.text)
        return [expanded(word, variables) for word in words]

    def pairs(self, variables: Mapping[str, str]) -> dict[str, str]:
        """The names and values of ENV, ARG and LABEL."""
        return dict(word.partition("=")[::2] for word in self.words(variables))


@dataclass(frozen=True)
class Stage:
    name: str
    base: str
    instructions: tuple[Instruction, ...]

    def last(self, name: str) -> Instruction:
        """The instruction of that name that is in force. Raises LookupError when there is none."""
        return [instruction for instruction in self.instructions if instruction.name == name][-1]


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """The text with $NAME and ${NAME} replaced; an unknown one stays as it is."""
    return _VARIABLE.sub(lambda match: variables.get(match[1] or match[2], match[0]), text)


def read_dockerfile(path: Path) -> list[Stage]:
    """The stages from top to bottom."""
    stages: list[Stage] = []
    for line in _logical_lines(path.read_text("utf-8")):
        name, _, rest = line.partition(" ")
        if name == "FROM":
            base, _, stage = rest.partition(" AS ")
            stages.append(Stage(stage.strip(), base.strip(), ()))
            continue
        flags = {}
        while match := re.match(r"--([a-z-]+)=(\S+)\s+", rest):
            flags[match[1]] = match[2]
            rest = rest[match.end() :]
        stage_so_far = stages[-1]
        instructions = (*stage_so_far.instructions, Instruction(name, rest.strip(), flags))
        stages[-1] = Stage(stage_so_far.name, stage_so_far.base, instructions)
    return stages


def _logical_lines(text: str) -> list[str]:
    kept = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(kept))
    return joined.splitlines()
