"""How each client is made and run: a function gets a folder and returns the command that takes URL and address."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.clients.versions import GO, MAVEN, NPM, PIP

PROGRAMS = Path(__file__).parent / "programs"
DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"


class CannotTry(Exception):
    """Something that this machine lacks; the text names it."""


class Failed(Exception):
    """A command failed; the text is the end of what it said."""


@dataclass(frozen=True, slots=True)
class Client:
    program: str
    version: str
    tried: str
    make: Callable[[Path], Sequence[str]]


def run(command: Sequence[str | Path], folder: Path) -> None:
    done = subprocess.run(  # The commands stand here.
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900, check=False
    )
    if done.returncode:
        raise Failed(" ".join(done.stdout.split())[-600:])


def needed(*commands: str) -> None:
    missing = [command for command in commands if shutil.which(command) is None]
    if missing:
        raise CannotTry(f"needs {' and '.join(missing)}")


def _npm(folder: Path, packages: Sequence[str]) -> None:
    needed("node", "npm")
    wanted: Mapping[str, str] = {name: NPM[name] for name in (*packages, "typescript", "@types/node")}
    (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": wanted}))
    run(["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund"], folder)


def _typescript(folder: Path, program: str) -> Sequence[str]:
    for name in ("flow.ts", program):
        shutil.copy(PROGRAMS / name, folder)
    strict = ["--strict", "--skipLibCheck", "--target", "es2022", "--module", "node16", "--outDir", "made"]
    run(["node", "node_modules/typescript/bin/tsc", *strict, program], folder)
    return ["node", f"made/{program.removesuffix('.ts')}.js"]


def openapi_typescript(folder: Path) -> Sequence[str]:
    _npm(folder, ["openapi-typescript", "openapi-fetch"])
    run(["node", "node_modules/openapi-typescript/bin/cli.js", DOCUMENT, "-o", "types.ts"], folder)
    return _typescript(folder, "openapi_fetch.ts")


def hey_api(folder: Path) -> Sequence[str]:
    _npm(folder, ["@hey-api/openapi-ts", "zod"])
    plugins = [
        "@hey-api/typescript",
        "@hey-api/client-fetch",
        {"name": "@hey-api/sdk", "validator": True},
        # Without it zod refuses every timestamp that does not end in Z.
        {"name": "zod", "dates": {"offset": True}},
    ]
    settings = {"input": str(DOCUMENT), "output": "generated", "plugins": plugins}
    (folder / "openapi-ts.config.mjs").write_text(f"export default {json.dumps(settings)};\n")
    run(["npx", "--no-install", "openapi-ts", "-f", "openapi-ts.config.mjs"], folder)
    return _typescript(folder, "hey_api.ts")


def openapi_python_client(folder: Path) -> Sequence[str]:
    run([sys.executable, "-m", "venv", "venv"], folder)
    python = str(folder / "venv" / "bin" / "python")
    pins = [f"{name}=={version}" for name, version in PIP.items()]
    run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *pins], folder)
    # The generator formats with ruff, which it finds by PATH only.
    (folder / "settings.yaml").write_text("post_hooks: []\n")
    generator = str(folder / "venv" / "bin" / "openapi-python-client")
    options = ["--output-path", "generated", "--meta", "none", "--config", "settings.yaml"]
    run([generator, "generate", "--path", DOCUMENT, *options], folder)
    shutil.copy(PROGRAMS / "python_client.py", folder)
    return [python, "python_client.py"]


def oapi_codegen(folder: Path) -> Sequence[str]:
    needed("go")
    module, version = GO["oapi-codegen"]
    (folder / "api").mkdir()
    run(["go", "mod", "init", "clients"], folder)
    tool = f"{module}/cmd/oapi-codegen@v{version}"
    run(["go", "run", tool, "-generate", "types,client", "-package", "api", "-o", "api/api.go", DOCUMENT], folder)
    shutil.copy(PROGRAMS / "main.go", folder)
    run(["go", "mod", "tidy"], folder)
    run(["go", "build", "-o", "client", "."], folder)
    return ["./client"]


def _maven(folder: Path, language: str, program: str, main: str) -> Sequence[str]:
    needed("mvn", "java")
    shutil.copy(PROGRAMS / language / "pom.xml", folder)
    (folder / "src").mkdir()
    shutil.copy(PROGRAMS / language / program, folder / "src")
    given = [f"-D{name}.version={version}" for name, version in MAVEN.items()]
    run(["mvn", "-q", "-B", *given, f"-Ddocument={DOCUMENT}", "compile", "dependency:copy-dependencies"], folder)
    return ["java", "-cp", "target/classes:target/dependency/*", main]


def java(folder: Path) -> Sequence[str]:
    return _maven(folder, "java", "Flow.java", "Flow")


def kotlin(folder: Path) -> Sequence[str]:
    return _maven(folder, "kotlin", "Flow.kt", "FlowKt")


CLIENTS = (
    Client("openapi-typescript", NPM["openapi-typescript"], "with openapi-fetch, TypeScript", openapi_typescript),
    Client("hey-api", NPM["@hey-api/openapi-ts"], "its client, each response checked by zod", hey_api),
    Client("openapi-python-client", PIP["openapi-python-client"], "its client", openapi_python_client),
    Client("oapi-codegen", GO["oapi-codegen"][1], "its client, Go", oapi_codegen),
    Client("openapi-generator", MAVEN["openapi-generator"], "`java` with the library `native`", java),
    Client("openapi-generator", MAVEN["openapi-generator"], "`kotlin` as it comes", kotlin),
)
