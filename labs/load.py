"""A lab file -> a :class:`~labs.lab.Lab`, or every mistake in it at once, each with its line and column.

The form of each part is checked by :mod:`labs.model`, part by part; a part that is wrong in one key is still used for
the checks that do not need that key, so that one run names all there is to mend. A cable of the wrong kind is no
mistake: it is what a student may do, and the broker keeps its ports down.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import ValidationError

from labs import document, model
from labs.document import Document, Key, in_words
from labs.lab import ONLY_STAGE, End, Lab, Link, Node, Stage, Startup
from nodes.kinds import KINDS, Kind, Model, canonical_port

P = TypeVar("P", bound=model.Part)

#: Program names of supervisord that a node cannot have.
RESERVED: Final = frozenset({"broker"})
#: Octets of one startup-config at most.
MAX_STARTUP: Final = 1024 * 1024

_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")
_TEXT_ERRORS = {"string_type": "a text", "dict_type": "a mapping", "list_type": "a list", "bool_type": "true or false"}


def load(path: Path, shown: str | None = None) -> Lab:
    """The lab in ``path``; ``shown`` is the file's name in messages. Raises MistakesError."""
    return _Loader(document.read(path, shown), path).load()


class _Loader:
    def __init__(self, doc: Document, path: Path) -> None:
        self._doc = doc
        self._folder = path.resolve().parent
        self._path = path.resolve()
        self._stages: tuple[Stage, ...] = ()
        self._startups: dict[str, Startup | str] = {}
        self._attached: set[str] = set()

    def load(self) -> Lab:
        doc = self._doc
        lab = self._part(model.LabPart, doc.value, ())
        if lab is None:
            raise document.MistakesError(doc.mistakes)
        self._name(lab.name, ("name",), "a lab's name")
        default_stage = self._read_stages(lab.stages)
        topology = self._part(model.TopologyPart, lab.topology, ("topology",))
        nodes: dict[str, Node | None] = {}
        links: list[Link] = []
        if topology is not None:
            nodes = self._read_nodes(topology)
            links = self._read_links(topology.links or [], nodes)
        self._check_tries(lab.try_, nodes)
        doc.raise_mistakes()
        return Lab(
            name=lab.name,
            description=lab.description,
            file=self._path,
            stages=self._stages,
            default_stage=default_stage,
            nodes=tuple(node for node in nodes.values() if node is not None),
            links=tuple(links),
            tries=tuple(lab.try_),
            keys=lab.keys,
        )

    # -- the form of a part ---------------------------------------------------------------------------------------

    def _part(self, kind: type[P], value: Any, path: tuple[Key, ...]) -> P | None:
        """``value`` as a part, without the keys that are wrong in it; None when it cannot be used without them."""
        if not isinstance(value, dict):
            self._doc.mistake(path, f"a mapping expected, found {in_words(value)}")
            return None
        try:
            return kind.model_validate(value)
        except ValidationError as error:
            wrong = error.errors(include_url=False, include_context=False, include_input=False)
        for entry in wrong:
            self._form_mistake(kind, entry["type"], entry["msg"], entry["loc"], value, path)
        spoilt = {entry["loc"][0] for entry in wrong if entry["loc"]}
        try:
            return kind.model_validate({key: item for key, item in value.items() if key not in spoilt})
        except ValidationError:
            return None

    def _form_mistake(
        self, kind: type[P], error: str, text: str, loc: Iterable[Key], value: Any, path: tuple[Key, ...]
    ) -> None:
        *parents, last = loc
        for key in parents:  # what is not in the file is the name of an alternative, not a place
            if isinstance(value, dict | list) and _has(value, key):
                value, path = value[key], (*path, key)  # type: ignore[index]
        if error == "missing":
            self._doc.mistake(path, f"the key {last!r} is missing here")
        elif error == "extra_forbidden":
            known = [field.alias or name for name, field in kind.model_fields.items()]
            self._doc.mistake((*path, last), f"unknown key {_guess(str(last), known)}", key=True)
        else:
            if isinstance(value, dict | list) and _has(value, last):
                value, path = value[last], (*path, last)  # type: ignore[index]
            if error in _TEXT_ERRORS:
                quotes = " (put it in quotes)" if error == "string_type" and isinstance(value, bool | float) else ""
                text = f"{_TEXT_ERRORS[error]} expected, found {in_words(value)}{quotes}"
            elif error == "literal_error":
                text = f"{text.removeprefix('Input should be ')} expected, found {in_words(value)}"
            self._doc.mistake(path, text)

    def _name(self, name: str, path: tuple[Key, ...], what: str, *, key: bool = False) -> None:
        if model.NAME.fullmatch(name) is None:
            self._doc.mistake(path, f"{what} is made of {model.NAME_RULE}; found {name!r}", key=key)

    # -- stages ---------------------------------------------------------------------------------------------------

    def _read_stages(self, items: list[Any] | None) -> str:
        """Sets the stages and returns the name of the default one: the one marked so, else the last."""
        if not items:
            self._stages = (Stage(ONLY_STAGE, ""),)
            return ONLY_STAGE
        stages: dict[str, Stage] = {}
        default: str | None = None
        for index, item in enumerate(items):
            path = ("stages", index)
            part = self._part(model.StagePart, item, path)
            if part is None:
                continue
            self._name(part.name, (*path, "name"), "a stage's name")
            if part.name in stages:
                self._doc.mistake((*path, "name"), f"the stage {part.name!r} is declared a second time")
            if part.default and default is not None:
                self._doc.mistake((*path, "default"), f"one default stage expected, and {default!r} is one already")
            if part.base is not None and part.base not in stages:
                known = f"an earlier stage expected ({', '.join(stages)})" if stages else "there is no earlier stage"
                self._doc.mistake((*path, "base"), f"{known}, found {part.base!r}")
            default = part.name if part.default else default
            stages[part.name] = Stage(part.name, part.description, part.base)
        self._stages = tuple(stages.values())
        return default or (self._stages[-1].name if self._stages else ONLY_STAGE)

    # -- nodes ----------------------------------------------------------------------------------------------------

    def _read_nodes(self, topology: model.TopologyPart) -> dict[str, Node | None]:
        base: tuple[Key, ...] = ("topology",)
        defaults = model.DefaultsPart()
        if topology.defaults is not None:
            defaults = self._part(model.DefaultsPart, topology.defaults, (*base, "defaults")) or defaults
        kinds: dict[str, model.KindPart] = {}
        for name, value in (topology.kinds or {}).items():
            path = (*base, "kinds", name)
            if name not in KINDS:
                self._doc.mistake(path, f"unknown kind {_guess(name, KINDS)}", key=True)
            part = self._part(model.KindPart, {} if value is None else value, path)
            kinds[name] = part or model.KindPart()
            if name in KINDS:
                self._check_type(KINDS[name], kinds[name].type, path)
                self._check_version(KINDS[name], kinds[name].version, path)
        if not topology.nodes:
            self._doc.mistake((*base, "nodes"), "at least one node expected")
        nodes: dict[str, Node | None] = {}
        consoles: dict[tuple[str, int], str] = {}
        for name, value in topology.nodes.items():
            path = (*base, "nodes", name)
            self._name(name, path, "a node's name", key=True)
            if name in RESERVED:
                self._doc.mistake(path, f"a node cannot be called {name!r}: a part of every lab is", key=True)
            nodes[name] = None
            node = self._part(model.NodePart, {} if value is None else value, path)
            if node is not None:
                nodes[name] = self._merge(name, node, kinds, defaults)
                self._check_console(name, node.console, consoles)
        return nodes

    def _merge(
        self, name: str, node: model.NodePart, kinds: Mapping[str, model.KindPart], defaults: model.DefaultsPart
    ) -> Node | None:
        """The node with what its kind and the defaults give it; None when its kind or type is not to be had."""
        path: tuple[Key, ...] = ("topology", "nodes", name)
        kind_name = node.kind or defaults.kind
        if kind_name is None:
            if "kind" not in self._doc_at(path):  # otherwise its mistake is recorded
                self._doc.mistake(path, f"the key 'kind' is missing here; kinds: {', '.join(KINDS)}", key=True)
            return None
        kind = KINDS.get(kind_name)
        if kind is None:
            place = (*path, "kind") if node.kind is not None else ("topology", "defaults", "kind")
            self._doc.mistake(place, f"unknown kind {_guess(kind_name, KINDS)}")
            return None
        layers: tuple[tuple[model.KindPart, tuple[Key, ...]], ...] = (
            (node, path),
            (kinds.get(kind_name, model.KindPart()), ("topology", "kinds", kind_name)),
            (defaults, ("topology", "defaults")),
        )

        def first(attribute: str) -> tuple[Any, tuple[Key, ...]]:
            for layer, place in layers:
                if getattr(layer, attribute) is not None:
                    return getattr(layer, attribute), place
            return None, path

        type_name, place = first("type")
        if not self._check_type(kind, type_name, place):
            return None
        version, place = first("version")
        self._check_version(kind, version, place)
        startup, place = first("startup_config")
        labels: dict[str, str] = {}
        for layer, _ in reversed(layers):
            labels |= layer.labels
        return Node(
            name=name,
            kind=kind_name,
            type=type_name or kind.default_type,
            version=version or kind.default_version,
            console=node.console,
            group=first("group")[0],
            labels=labels,
            position=node.position,
            startup=self._read_startups(name, startup, (*place, "startup-config")),
            attach=self._read_attach(kind, kind.models[type_name or kind.default_type], node.attach or {}, path),
        )

    def _read_attach(
        self, kind: Kind, type_model: Model, attach: Mapping[str, tuple[str, str]], path: tuple[Key, ...]
    ) -> dict[int, tuple[str, str]]:
        """Index of a port -> (kind, Linux interface)."""
        found: dict[int, tuple[str, str]] = {}
        if attach and not kind.attaches:
            able = ", ".join(other.name for other in KINDS.values() if other.attaches)
            self._doc.mistake((*path, "attach"), f"only a node of kind {able} has Linux interfaces", key=True)
            return found
        names = [port.name for port in type_model.ports]
        for text, target in attach.items():
            place = (*path, "attach", text)
            port = canonical_port(type_model, text)
            if port is None:
                self._doc.mistake(place, f"no port {text!r}; ports: {names[0]} to {names[-1]}", key=True)
            elif names.index(port) in found:
                self._doc.mistake(place, f"a port of its own expected; {port} is attached already", key=True)
            elif target[1] in self._attached:
                self._doc.mistake(place, f"an interface of its own expected; {target[1]!r} is attached already")
            else:
                found[names.index(port)] = target
                self._attached.add(target[1])
        return found

    def _check_type(self, kind: Kind, name: str | None, path: tuple[Key, ...]) -> bool:
        if name is None or name in kind.models:
            return True
        self._doc.mistake((*path, "type"), f"unknown type of {kind.name} {_guess(name, kind.models)}")
        return False

    def _check_version(self, kind: Kind, name: str | None, path: tuple[Key, ...]) -> None:
        if name is not None and name not in kind.versions:
            known = _guess(name, kind.versions) if kind.versions else f"{name!r}: this kind has none"
            self._doc.mistake((*path, "version"), f"unknown version of {kind.name} {known}")

    def _doc_at(self, path: Iterable[Key]) -> Any:
        value = self._doc.value
        for key in path:
            value = value[key]
        return value or {}

    def _check_console(self, name: str, console: tuple[str, int] | None, seen: dict[tuple[str, int], str]) -> None:
        if console is None:
            return
        host, port = console
        for (other_host, other_port), other in seen.items():
            # 0.0.0.0 is every address of the machine, so it collides with each of them.
            if port == other_port and (host == other_host or "0.0.0.0" in (host, other_host)):
                path = ("topology", "nodes", name, "console")
                self._doc.mistake(path, f"a port of its own expected; {port} is the console of {other!r} already")
                return
        seen[console] = name

    def _read_startups(self, name: str, startup: Any, path: tuple[Key, ...]) -> dict[str, Startup]:
        """What each stage boots from. A stage without one takes its base's, or boots an empty one."""
        if startup is None:
            return {}
        if isinstance(startup, str):
            one = self._read_startup(name, startup, path)
            return {stage.name: one for stage in self._stages} if one is not None else {}
        result: dict[str, Startup] = {}
        known = [stage.name for stage in self._stages]
        for stage, value in startup.items():
            if stage not in known:
                self._doc.mistake((*path, stage), f"unknown stage {_guess(stage, known)}", key=True)
            found = self._read_startup(name, value, (*path, stage))
            if found is not None:
                result[stage] = found
        for declared in self._stages:  # a base is declared before the stages that build on it
            if declared.base in result:
                result.setdefault(declared.name, result[declared.base])
        return result

    def _read_startup(self, node: str, value: str, path: tuple[Key, ...]) -> Startup | None:
        if "\n" in value:  # containerlab's rule: a text of several lines is the configuration itself
            return Startup(f"{self._path.name} (startup-config of {node})", value)
        if value not in self._startups:
            self._startups[value] = self._read_file(value)
        found = self._startups[value]
        if isinstance(found, str):
            self._doc.mistake(path, found)
            return None
        return found

    def _read_file(self, value: str) -> Startup | str:
        """The startup-config in the file ``value``, or what is wrong with it."""
        try:
            with (self._folder / value).open("rb") as stream:
                octets = stream.read(MAX_STARTUP + 1)
            if len(octets) > MAX_STARTUP:
                return f"a startup-config of at most {MAX_STARTUP} octets expected: {value!r}"
            return Startup(value, octets.decode("utf-8-sig"))
        except UnicodeDecodeError:
            return f"a startup-config in UTF-8 expected: {value!r}"
        except (OSError, ValueError) as error:  # ValueError: a NUL in the name
            return f"the startup-config {value!r} cannot be read: {getattr(error, 'strerror', None) or error}"

    # -- links ----------------------------------------------------------------------------------------------------

    def _read_links(self, items: list[Any], nodes: Mapping[str, Node | None]) -> list[Link]:
        links: list[Link] = []
        cabled: dict[End, int] = {}
        for index, item in enumerate(items):
            path = ("topology", "links", index)
            part = self._part(model.LinkPart, item, path)
            if part is None:
                continue
            ends = [
                self._read_end(text, (*path, "endpoints", number), nodes, cabled)
                for number, text in enumerate(part.endpoints)
            ]
            if ends[0] is not None and ends[1] is not None:
                links.append(Link(ends[0], ends[1], part.cable))
        return links

    def _read_end(
        self, text: str, path: tuple[Key, ...], nodes: Mapping[str, Node | None], cabled: dict[End, int]
    ) -> End | None:
        name, colon, port_text = text.partition(":")
        if not colon or not name or not port_text:
            self._doc.mistake(path, f'NODE:PORT expected, as in "R-A:Fa0/0"; found {text!r}')
            return None
        if name not in nodes:
            self._doc.mistake(path, f"unknown node {_guess(name, nodes)}")
            return None
        node = nodes[name]
        if node is None:
            return None  # what is wrong with the node is recorded
        port = canonical_port(node.model, port_text)
        if port is None:
            ports = [port.name for port in node.model.ports]
            shown = ", ".join(ports) if len(ports) <= 4 else f"{ports[0]} to {ports[-1]}"
            self._doc.mistake(path, f"{name} ({node.kind} {node.type}) has no port {port_text!r}; ports: {shown}")
            return None
        end = End(name, port)
        if end in cabled:
            self._doc.mistake(path, f"a free port expected; {end} is cabled in line {cabled[end]} already")
            return None
        cabled[end] = self._doc.place(path)[0]
        return end

    # -- what to try ----------------------------------------------------------------------------------------------

    def _check_tries(self, tries: list[str], nodes: Collection[str]) -> None:
        for index, line in enumerate(tries):
            for name in _PLACEHOLDER.findall(line):
                if name not in nodes:
                    self._doc.mistake(
                        ("try", index), f"{{NODE}} expected in braces: unknown node {_guess(name, nodes)}"
                    )


def _has(value: Any, key: Key) -> bool:
    if isinstance(value, dict):
        return key in value
    return isinstance(value, list) and isinstance(key, int) and key < len(value)


def _guess(word: str, known: Collection[str]) -> str:
    """The word, what was probably meant, and (when they are few) what there is to choose from."""
    lowered = {name.lower(): name for name in known}
    near = difflib.get_close_matches(word.lower(), lowered, n=1)
    meant = f"; did you mean {lowered[near[0]]!r}?" if near else ""
    choice = f" (known: {', '.join(known)})" if 0 < len(known) <= 10 else ""
    return f"{word!r}{meant}{choice}"
