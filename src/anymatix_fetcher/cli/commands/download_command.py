"""The options of ``anyfetch [OPTIONS] REFERENCE...``, and the rules for combining them.

Nothing imported here is slow, so that help and usage errors appear at once. The work is done in ``download``.
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
from anymatix_fetcher.cli.options.network import connections_option, network_options, option, peers_option
from anymatix_fetcher.cli.options.parameters import (
    REFERENCE,
    FileToBe,
    Folder,
    Parsed,
    parse_connection_count,
    parse_quantity,
    parse_url,
)
from anymatix_fetcher.cli.options.selection import glob_options
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
@option("Destination", "-o", "--output", type=FileToBe(), metavar="FILE", help="The exact destination of one file.")
@option(
    "Destination",
    "-d",
    "--directory",
    type=Folder(),
    metavar="DIR",
    help="The destination folder, created if it doesn't exist. [default: the current one]",
)
@option("Destination", "--overwrite", is_flag=True, help="Replace the file at the destination.")
@option(
    "Destination",
    "--resume-with",
    type=Parsed("URL", parse_url),
    metavar="URL",
    help=(
        "Continue the part file that is given as REFERENCE, from a new URL of the same content; @FILE reads the "
        "URL from a file."
    ),
)
@folder_options
@option(
    "Selection",
    "-i",
    "--input-file",
    "lists",
    metavar="FILE",
    multiple=True,
    help="Read references from FILE, one a line, or from a Metalink; - is standard input; repeatable.",
)
@option(
    "Destination",
    "--adopt-partial",
    metavar="FILE|auto",
    help="Continue the partial file of a browser, wget, aria2 or huggingface_hub; auto looks beside the "
    "destination, which is also done whenever a digest is known.",
)
@glob_options
@option(
    "Verification",
    "--hash",
    "digests",
    type=Parsed("ALG:HEX", Digest.parse),
    metavar="ALG:HEX",
    multiple=True,
    help="The expected digest: sha256, sha512, sha384, blake3, sha1, md5 or crc32; repeatable.",
)
@option(
    "Verification",
    "--sha256",
    type=Parsed("HEX", _parse_sha256),
    metavar="HEX",
    help="The same as --hash sha256:HEX.",
)
@option(
    "Verification", "--as-is", is_flag=True, help="Keep the response whatever its content, even under a model's name."
)
@option("Verification", "--allow-unsafe", is_flag=True, help="Publish a pickle even if it imports harmful code.")
@connections_option("Transfer", "Connections to each host; auto finds the best number. [default: auto]")
@option(
    "Transfer",
    "--max-connections",
    type=Parsed("N", parse_connection_count),
    metavar="N",
    help="The upper limit for auto. [default: 32, or 64 if each step up to 32 increased the throughput]",
)
@option(
    "Transfer",
    "--engine",
    type=click.Choice(ENGINES),
    default="auto",
    help="How to transfer: libcurl, Python threads, or a single stream. [default: auto]",
)
@option(
    "Transfer",
    "--limit-rate",
    type=Parsed("RATE", parse_quantity),
    metavar="RATE",
    help="Bytes per second for all files together: 500K, 20M, 1.5G, in powers of 1024 as in curl, wget and aria2.",
)
@option(
    "Transfer",
    "--mirror",
    "mirrors",
    type=Parsed("URL", parse_url),
    metavar="URL",
    multiple=True,
    help="Another URL of the same file: used if the first one fails, and in parallel if a digest is known; repeatable.",
)
@peers_option("Transfer")
@option("Transfer", "--http3", is_flag=True, help="Try HTTP/3, if libcurl supports it.")
@network_options
@option(
    "Output",
    "--progress",
    type=click.Choice(PROGRESS_FORMS),
    default="auto",
    help="auto: a live display on a terminal, else occasional lines; json: one object a line on stderr.",
)
@option("Output", "--json", "as_json", is_flag=True, help="Print one JSON object per reference on stdout at the end.")
@option("Output", "-q", "--quiet", is_flag=True, help="Print only paths on stdout, and errors on stderr.")
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
    """Parses the options and downloads."""
    if not (references or lists):
        raise Misuse(
            "nothing to download: no REFERENCE is given",
            "Name one, as in `anyfetch https://example.org/model.safetensors`.",
        )
    if resume_with is None:
        _refuse_words(references)
    settings = _settings(references, network, folders, **options)  # type: ignore[arg-type] # click has checked them
    session.hide(network.secrets((*references, *settings.mirrors)))
    if not (quiet or progress == "json"):
        network.warn(session)
    if resume_with is not None:
        begun = _begun(references, settings.output).absolute()
        settings = replace(settings, output=begun, take_over=True)
        session.hide(network.secrets([resume_with]))
        references = (resume_with,)
    metalinks = tuple(filter(is_local_metalink, references))
    if lists or metalinks:
        network.refuse_headers("the Metalink" if metalinks else "the list")
    jobs = [Job(reference, settings) for reference in references if reference not in metalinks]
    for name in (*lists, *metalinks):
        jobs += jobs_of_file(name, settings)
    session.hide(queries_of(jobs))

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
    max_connections: int | None,
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
    peers: tuple[str, ...],
) -> Settings:
    reference_count = len(references)
    folders.check(references, directory=directory, output=output)
    return Settings(
        output=_exact(output, directory, reference_count),
        directory=named_folder(directory),
        digests=_agreeing((*digests, sha256) if sha256 else digests, reference_count),
        connections=connections if isinstance(connections, int) else None,
        max_connections=max_connections or Settings().max_connections,
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
        peers=peers,
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
            "Use --directory DIR for several files, or run one command for each.",
        )
    if str(output) == "-":
        raise Misuse(
            "standard output can't be a destination", "A file is verified before it is published; name a file."
        )
    if os.path.isdir((directory or Path()) / output):  # noqa: PTH112 - Path.is_dir raises where the name is too long
        raise Misuse(f"--output {str(output)!r} is a folder", "Use --directory for a folder.")
    return output


def _begun(parts: tuple[str, ...], output: Path | None) -> Path:
    """The destination of the part file to continue."""
    if len(parts) > 1 or output is not None:
        raise Misuse(
            "--resume-with continues one part file at its own destination",
            "Leave out the other references and --output or --directory.",
        )
    part = Path(parts[0] if parts[0].endswith(PART_SUFFIX) else parts[0] + PART_SUFFIX)
    if not part.is_file():
        raise Misuse(
            f"there is no part file {str(part)!r}",
            "Name an existing one, as in `anyfetch --resume-with NEW_URL model.safetensors.part`.",
        )
    name = part.name.removesuffix(PART_SUFFIX)
    if is_shortened(name):
        raise Misuse(
            f"the file's full name can't be derived from {str(part)!r}, because that name was shortened",
            "Run `anyfetch -o NAME URL` with the URL that the download was started with.",
        )
    return part.with_name(name)


def _left(partial: str | None, reference_count: int) -> Path | str | None:
    """The partial file that another program left."""
    if partial is None or partial == "auto":
        return partial
    if reference_count > 1:
        raise Misuse(
            f"--adopt-partial names the partial file of one download, but {reference_count} references are given",
            "Use --adopt-partial auto, or run one command for each.",
        )
    if not Path(partial).is_file() and not Path(partial).with_name(f"{Path(partial).name}.foreign").is_file():
        raise Misuse(
            f"there is no partial file {partial!r}",
            "Name an existing one, as in `anyfetch --adopt-partial model.bin.crdownload URL`.",
        )
    return Path(partial)


def _mirrors(mirrors: tuple[str, ...], reference_count: int) -> tuple[str, ...]:
    if mirrors and reference_count > 1:
        raise Misuse(
            f"--mirror is another URL of one file, but {reference_count} references are given",
            "Run one command for each, or use a Metalink file.",
        )
    return mirrors


def _agreeing(digests: tuple[Digest, ...], reference_count: int) -> tuple[Digest, ...]:
    unique = tuple(dict.fromkeys(digests))
    for algorithm in {digest.algorithm for digest in unique}:
        if sum(digest.algorithm == algorithm for digest in unique) > 1:
            raise Misuse(
                f"two different {algorithm} digests are given",
                f"A file has only one {algorithm} digest; leave out the other.",
            )
    if unique and reference_count > 1:
        raise Misuse(
            f"--hash describes one file, but {reference_count} references are given",
            "Run one command for each, with its own digest.",
        )
    return unique
