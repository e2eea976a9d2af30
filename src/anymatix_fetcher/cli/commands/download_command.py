"""What ``anyfetch [OPTIONS] REFERENCE...`` can be told: its options, and what they mean together.

Nothing here is slow to import: help, versions and wrong usage come at once. The work is in ``download``.
"""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from anymatix_fetcher import __version__
from anymatix_fetcher.cli.display.help_layout import DOWNLOAD, HELP, Command, Misuse, Option, Program
from anymatix_fetcher.cli.help import DOWNLOAD_SECTIONS, DOWNLOAD_TEXT
from anymatix_fetcher.cli.options.folders import folder_options
from anymatix_fetcher.cli.options.inputs import is_local_metalink, jobs_of_file, queries_of
from anymatix_fetcher.cli.options.network import connections_option, network_options, option
from anymatix_fetcher.cli.options.parameters import (
    REFERENCE,
    FileToBe,
    Parsed,
    parse_connection_count,
    parse_quantity,
    parse_url,
)
from anymatix_fetcher.core.values.digests import Digest
from anymatix_fetcher.core.values.filenames import PART_SUFFIX
from anymatix_fetcher.engine.facts import Job
from anymatix_fetcher.engine.forms import Engine
from anymatix_fetcher.engine.settings import Settings
from anymatix_fetcher.storage.places import is_shortened
from anymatix_fetcher.verbs.settings import named_folder

if TYPE_CHECKING:
    from anymatix_fetcher.cli.options.folders import Folders
    from anymatix_fetcher.cli.options.network import Network
    from anymatix_fetcher.cli.session import Invocation

ENGINES = tuple(engine.value for engine in Engine)
PROGRESS_FORMS = ("auto", "bar", "json", "none")


def _parse_sha256(text: str) -> Digest:
    return Digest.parse(f"sha256:{text}")


@click.command(DOWNLOAD, cls=Command, help=DOWNLOAD_TEXT, sections=DOWNLOAD_SECTIONS)
@click.argument("references", metavar="REFERENCE...", nargs=-1, type=REFERENCE)
@option("Where to", "-o", "--output", type=FileToBe(), metavar="FILE", help="Exact destination of one file.")
@option(
    "Where to",
    "-d",
    "--directory",
    type=click.Path(path_type=Path, file_okay=False, readable=False),
    metavar="DIR",
    help="Destination folder; made where it isn't there. [default: here]",
)
@option("Where to", "--overwrite", is_flag=True, help="Replace what is at the destination.")
@option(
    "Where to",
    "--resume-with",
    type=Parsed("URL", parse_url),
    metavar="URL",
    help="Go on with a part file, named instead of REFERENCE, from this address of the same content; @FILE has it.",
)
@folder_options
@option(
    "Which files",
    "-i",
    "--input-file",
    "lists",
    metavar="FILE",
    multiple=True,
    help="References, one a line, or a Metalink; - for standard input; repeatable.",
)
@option(
    "Where to",
    "--adopt-partial",
    metavar="FILE|auto",
    help="Go on with what a browser, wget, aria2 or huggingface_hub left in FILE; auto looks beside the destination, "
    "which is done anyway where a digest will tell.",
)
@option(
    "Which files",
    "--include",
    metavar="GLOB",
    multiple=True,
    help="Of a whole repository, only paths like this: '*.safetensors', 'vae/*'; repeatable.",
)
@option("Which files", "--exclude", metavar="GLOB", multiple=True, help="And none like this; repeatable.")
@option(
    "What it must be",
    "--hash",
    "digests",
    type=Parsed("ALG:HEX", Digest.parse),
    metavar="ALG:HEX",
    multiple=True,
    help="Expected digest: sha256, sha512, sha384, blake3, sha1, md5 or crc32; repeatable.",
)
@option(
    "What it must be",
    "--sha256",
    type=Parsed("HEX", _parse_sha256),
    metavar="HEX",
    help="The same as --hash sha256:HEX.",
)
@option("What it must be", "--as-is", is_flag=True, help="Keep whatever the server sends, even under a model's name.")
@option("What it must be", "--allow-unsafe", is_flag=True, help="Publish a pickle even if its code would do harm.")
@connections_option("How fast", "Connections at a time; auto finds out how many help. [default: auto]")
@option(
    "How fast",
    "--max-connections",
    type=Parsed("N", parse_connection_count),
    metavar="N",
    default="32",
    help="How far auto may go. [default: 32]",
)
@option(
    "How fast",
    "--engine",
    type=click.Choice(ENGINES),
    default="auto",
    help="What carries the bytes: libcurl, Python threads, or one stream. [default: auto]",
)
@option(
    "How fast",
    "--limit-rate",
    type=Parsed("RATE", parse_quantity),
    metavar="RATE",
    help="Bytes a second for all files together: 500K, 20M, 1.5G, in powers of 1024 as in curl, wget and aria2.",
)
@option(
    "How fast",
    "--mirror",
    "mirrors",
    type=Parsed("URL", parse_url),
    metavar="URL",
    multiple=True,
    help="Another place of the same file: steps in where URL fails, brings pieces if a digest is known; repeatable.",
)
@option("How fast", "--http3", is_flag=True, help="Try HTTP/3, where libcurl has it.")
@network_options
@option(
    "What it tells",
    "--progress",
    type=click.Choice(PROGRESS_FORMS),
    default="auto",
    help="auto: a live picture on a terminal, else a line now and then; json: one object a line on stderr.",
)
@option("What it tells", "--json", "as_json", is_flag=True, help="One JSON object per reference on stdout, at the end.")
@option("What it tells", "-q", "--quiet", is_flag=True, help="Only the paths on stdout, and errors.")
@click.version_option(__version__, message="anyfetch %(version)s", cls=Option, group=HELP)
@click.pass_obj
def command(
    session: Invocation,
    /,
    *,
    references: tuple[str, ...],
    network: Network,
    folders: Folders,
    resume_with: str | None,
    lists: tuple[str, ...],
    progress: str,
    as_json: bool,
    quiet: bool,
    **options: object,
) -> int:
    """Reads the options and downloads."""
    if not (references or lists):
        raise Misuse("nothing to download: no REFERENCE is given", "anyfetch https://example.org/model.safetensors")
    settings = _settings(references, network, folders, **options)  # type: ignore[arg-type] # click has checked them
    session.secrets = network.secrets((*references, *settings.mirrors))
    if not (quiet or progress == "json"):
        network.warn(session)
    if resume_with is None:
        _refuse_words(references)
    else:
        settings = replace(settings, output=_begun(references, settings.output), take_over=True)
        session.secrets += network.secrets([resume_with])
        references = (resume_with,)
    metalinks = tuple(filter(is_local_metalink, references))
    if lists or metalinks:
        network.refuse_headers("the Metalink" if metalinks else "the list")
    jobs = [Job(reference, settings) for reference in references if reference not in metalinks]
    for name in (*lists, *metalinks):
        jobs += jobs_of_file(name, settings)
    session.secrets += queries_of(jobs)

    from anymatix_fetcher.cli.download import Report, run  # noqa: PLC0415 - wrong usage needn't wait for it

    return run(jobs, Report(progress=progress, json=as_json, quiet=quiet), session, fetch_many=session.fetch_many)


def _refuse_words(references: tuple[str, ...]) -> None:
    program = click.get_current_context().find_root().command
    if isinstance(program, Program):
        program.refuse_words(references)


def _settings(
    references: tuple[str, ...],
    network: Network,
    folders: Folders,
    *,
    output: Path | None,
    directory: Path | None,
    digests: tuple[Digest, ...],
    sha256: Digest | None,
    connections: int | str,
    max_connections: int,
    engine: str,
    limit_rate: int | None,
    overwrite: bool,
    as_is: bool,
    allow_unsafe: bool,
    adopt_partial: str | None,
    http3: bool,
    include: tuple[str, ...],
    exclude: tuple[str, ...],
    mirrors: tuple[str, ...],
) -> Settings:
    reference_count = len(references)
    folders.check(references, directory=directory, output=output)
    return Settings(
        output=_exact(output, directory, reference_count),
        directory=named_folder(directory),
        digests=_agreeing((*digests, sha256) if sha256 else digests, reference_count),
        connections=connections if isinstance(connections, int) else None,
        max_connections=max_connections,
        engine=Engine(engine),
        limit_rate=limit_rate,
        overwrite=overwrite,
        as_is=as_is,
        allow_unsafe=allow_unsafe,
        adopt_partial=_left(adopt_partial, reference_count),
        **network.keywords(),
        http3=http3,
        include=include,
        exclude=exclude,
        mirrors=_mirrors(mirrors, reference_count),
        type=folders.type,
        models=folders.models,
        extra_paths=folders.extra_paths,
        naming=folders.naming,
        folder=folders.folder,
        links=folders.links,
        sidecar=folders.sidecar,
    )


def _exact(output: Path | None, directory: Path | None, reference_count: int) -> Path | None:
    if output is None:
        return None
    if reference_count > 1:
        raise Misuse(
            f"--output names one file, but {reference_count} references are given",
            "use --directory DIR for several, or one command for each",
        )
    if str(output) == "-":
        raise Misuse("standard output can't be a destination", "a file is proved before it is handed over; name one")
    # As in curl and aria2: a relative name with a folder means that folder.
    output = (directory or Path()) / output
    if os.path.isdir(output):  # noqa: PTH112 - Path.is_dir raises where the name is too long
        raise Misuse(f"--output {str(output)!r} is a folder", "use --directory for a folder")
    return output


def _begun(parts: tuple[str, ...], output: Path | None) -> Path:
    """The destination of the part file that is to be gone on with."""
    if len(parts) > 1 or output is not None:
        raise Misuse("--resume-with goes on with one part file, to its own destination", "leave the others away")
    part = Path(parts[0] if parts[0].endswith(PART_SUFFIX) else parts[0] + PART_SUFFIX)
    if not part.is_file():
        raise Misuse(f"there is no part file {str(part)!r}", "anyfetch --resume-with NEW_URL model.safetensors.part")
    name = part.name.removesuffix(PART_SUFFIX)
    if is_shortened(name):
        raise Misuse(
            f"the name of {str(part)!r} was shortened, and doesn't tell the file's own",
            "anyfetch -o NAME URL goes on with it, where URL is the address that it was begun with",
        )
    return part.with_name(name)


def _left(partial: str | None, reference_count: int) -> Path | str | None:
    """What another program has left."""
    if partial is None or partial == "auto":
        return partial
    if reference_count > 1:
        raise Misuse(
            f"--adopt-partial names what is left of one file, but {reference_count} references are given",
            "use --adopt-partial auto, or one command for each",
        )
    if not Path(partial).is_file() and not Path(partial).with_name(f"{Path(partial).name}.foreign").is_file():
        raise Misuse(f"there is no unfinished file {partial!r}", "anyfetch --adopt-partial model.bin.crdownload URL")
    return Path(partial)


def _mirrors(mirrors: tuple[str, ...], reference_count: int) -> tuple[str, ...]:
    if mirrors and reference_count > 1:
        raise Misuse(
            f"--mirror is another place of one file, but {reference_count} references are given",
            "use one command for each, or a Metalink file",
        )
    return mirrors


def _agreeing(digests: tuple[Digest, ...], reference_count: int) -> tuple[Digest, ...]:
    unique = tuple(dict.fromkeys(digests))
    for algorithm in {digest.algorithm for digest in unique}:
        if sum(digest.algorithm == algorithm for digest in unique) > 1:
            raise Misuse(f"two different {algorithm} digests are given", "a file has only one; leave the other away")
    if unique and reference_count > 1:
        raise Misuse(
            f"--hash describes one file, but {reference_count} references are given",
            "use one command for each, with its own digest",
        )
    return unique
