"""The public names as callers use them. Never run: the type checker reads it, as it will read theirs."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path
from typing import assert_type

import anymatix_fetcher
from anymatix_fetcher import (
    AccessDeniedError,
    Adopted,
    CancelToken,
    CareProgress,
    Checked,
    Condition,
    Deduped,
    DestinationExistsError,
    DestinationLockedError,
    Digest,
    DigestMismatchError,
    DiskFullError,
    DownloadCancelled,
    Engine,
    FetchError,
    Finding,
    FindingState,
    FolderRemoval,
    IntegrityError,
    InternalError,
    Job,
    Listed,
    Located,
    LockChange,
    LockEntry,
    LockReport,
    Measured,
    ModelFacts,
    ModelState,
    NetworkError,
    NotAModelError,
    NotFoundError,
    Phase,
    Progress,
    Pruned,
    RateLimiter,
    ReferenceSyntaxError,
    RepresentationChangedError,
    Result,
    RetriesExhaustedError,
    Settings,
    Status,
    Stock,
    StorageError,
    Synced,
    SyncState,
    UnexpectedAnswerError,
    UnsafeModelError,
    WorkflowReport,
    adopt,
    afetch,
    bench,
    dedupe,
    doctor,
    fetch,
    fetch_many,
    inspect,
    lock,
    ls,
    prune,
    remove,
    resolve,
    sync,
    verify,
    workflow,
)


def one_file() -> None:
    result = fetch("https://example.com/model.safetensors", directory="models")
    assert_type(result, Result)
    assert_type(result.path, Path | None)
    assert_type(result.sha256, str | None)
    assert_type(result.verified, str)
    assert_type(result.verified_at, datetime | None)
    assert_type(result.status, Status)
    assert_type(result.error, FetchError | None)
    assert_type(result.seconds, float)


def paths_and_digests_as_text_or_as_values(token: CancelToken) -> None:
    fetch(
        "https://example.com/m",
        output=Path("m.safetensors"),
        digests=["sha256:" + "0" * 64, Digest.parse("md5:" + "0" * 32)],
        engine="curl",
        headers=[("X-Api-Key", "k")],
        cancel=token,
    )
    fetch("https://example.com/m", headers={"X-Api-Key": "k"})
    fetch("https://example.com/m", output="m", directory=Path("x"), engine=Engine.THREADS, connections=None)
    fetch("civitai:143906", type="checkpoint", models="ComfyUI/models", naming="anymatix", folder="{base_model}")
    fetch("https://example.com/m", proxy="", ca_file="ca.pem", verify_tls=False, http3=True, limit_rate=10**6)


def one_value_where_several_may_be() -> None:
    fetch("https://example.com/m", sha256="0" * 64, digests="md5:" + "0" * 32)
    fetch("https://example.com/m", include="*.gguf", mirrors="https://mirror.example/m", extra_paths="extra.yaml")
    settings = Settings(output="m", headers={"X-Api-Key": "k"}, digests=["sha256:" + "0" * 64], engine="threads")
    assert_type(settings.output, Path | None)
    assert_type(settings.digests, tuple[Digest, ...])
    assert_type(settings.engine, Engine)


def a_limit_that_changes(limiter: RateLimiter) -> None:
    fetch("https://example.com/m", limit_rate=limiter)
    assert_type(limiter.bytes_per_second, float | None)
    limiter.bytes_per_second = 5_000_000
    limiter.bytes_per_second = None
    Settings(limit_rate=RateLimiter(1e6))


def show(progress: Progress) -> None:
    assert_type(progress.length, int | None)
    assert_type(progress.eta_seconds, float | None)
    assert_type(progress.stored.total, int)
    if progress.phase is Phase.TRANSFERRING and progress.length:
        print(f"{progress.name}: {progress.bytes_stored / progress.length:.0%} {progress.note}")  # noqa: T201 - as callers do


def with_progress_and_errors(token: CancelToken) -> str:
    try:
        fetch("https://example.com/m", on_progress=show, cancel=token)
    except DownloadCancelled:
        return "stopped"
    except (AccessDeniedError, ReferenceSyntaxError) as error:
        return f"{error.message} {error.hint}"
    except RetriesExhaustedError as error:
        assert_type(error.hint, str)
        return "later"
    except NetworkError as error:
        return str(error)
    except FetchError as error:
        return error.hint
    return "done"


def many_files() -> list[Path]:
    settings = Settings(directory=Path("models"), digests=(Digest("sha256", "0" * 64),), max_connections=8)
    jobs = [Job("https://example.com/a", settings), Job("https://example.com/b", Settings(overwrite=True))]

    def tell(progress: tuple[Progress, ...]) -> None:
        for one in progress:
            show(one)

    fetch_many(["https://example.com/a", Job("https://example.com/b")], directory="models", overwrite=True)
    results = fetch_many(jobs, on_progress=tell, cancel=CancelToken())
    assert_type(results, list[Result])
    return [result.path for result in results if result.path is not None]


def what_a_model_is(token: CancelToken) -> str:
    facts = inspect("civitai:143906", cancel=token, headers=[("X-Api-Key", "k")])
    assert_type(facts, ModelFacts)
    assert_type(facts.as_json(with_tensors=True), dict[str, object])
    assert_type(inspect(Path("model.gguf")).parameters, int)
    fetch("https://example.com/m.ckpt", as_is=True, allow_unsafe=True)
    return f"{facts.kind.value} {facts.architecture} {facts.dtypes[0].dtype}"


async def on_an_event_loop() -> None:
    assert_type(await afetch("https://example.com/m", on_progress=show), Result)
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(afetch("https://example.com/n", directory="models"))


def files_that_are_here() -> list[Path]:
    found = verify(["models/loras"], repair=True, on_checked=lambda one: print(one.path))  # noqa: T201 - as callers do
    assert_type(found, list[Checked])
    assert_type(verify()[0].condition, Condition)
    assert_type(found[0].error, FetchError | None)
    verify(models=Path("ComfyUI"), identify=True, cancel=CancelToken(), proxy="")
    verify(repiar=True)  # type: ignore[call-arg]
    return [one.path for one in found if one.condition is Condition.DAMAGED and one.bad is not None]


def every_other_verb(token: CancelToken) -> None:
    assert_type(resolve("civitai:143906", probe=True, include="*.gguf", cancel=token), list[Located])
    assert_type(ls("flux", type="lora", models="ComfyUI", duplicates=True), Stock)
    assert_type(ls().models, tuple[Listed, ...])
    assert_type(adopt(models=Path("models"), dry_run=True, cancel=token, proxy=""), list[Adopted])
    assert_type(remove(["civitai:143906", Path("m.gguf")], dry_run=True), list[FolderRemoval])
    assert_type(prune(older_than_days=30, changed=True), Pruned)
    assert_type(dedupe(hard_links=True, cancel=token), Deduped)
    assert_type(bench("https://example.com/m", seconds=1, max_connections=8, cancel=token), Measured)
    locked = lock(["civitai:143906", Path("flux.json")], file="anyfetch.lock", type="auto", fetch=True, cancel=token)
    assert_type(locked, LockReport)
    assert_type(locked.entries, tuple[tuple[LockEntry, LockChange], ...])
    synced = sync(directory="models", overwrite=True, check=True, on_progress=how_far_a_check_is, limit_rate=1e6)
    assert_type(synced, Synced)
    assert_type(synced.items[0].state, SyncState)
    assert_type(synced.results, tuple[Result, ...])
    needed = workflow("flux.json", models="ComfyUI", dry_run=True, on_download=lambda told: show(told[0]))
    assert_type(needed, WorkflowReport)
    assert_type(needed.models[0].state, ModelState)


def wrong_calls_of_every_other_verb_are_told() -> None:
    resolve("civitai:143906", output="m")  # type: ignore[call-arg]
    ls(typ="lora")  # type: ignore[call-arg]
    adopt(dryrun=True)  # type: ignore[call-arg]
    remove("m.gguf", yes=True)  # type: ignore[call-arg]
    prune(older_than=30)  # type: ignore[call-arg]
    lock("civitai:143906", output="m")  # type: ignore[call-arg]
    sync(dryrun=True)  # type: ignore[call-arg]
    workflow("flux.json", output="m")  # type: ignore[call-arg]
    dedupe(hardlinks=True)  # type: ignore[call-arg]
    bench("https://example.com/m", output="m")  # type: ignore[call-arg]
    doctor(port=6800)  # type: ignore[call-arg]
    inspect("m.gguf", modles="m")  # type: ignore[call-arg]


def stopping_from_elsewhere(token: CancelToken) -> bool:
    token.add_listener(lambda: None)
    token.cancel()
    return token.cancelled


def wrong_calls_are_told() -> None:
    fetch("https://example.com/m", "models")  # type: ignore[call-arg, arg-type]
    fetch("https://example.com/m", directroy="models")  # type: ignore[call-arg]
    fetch("https://example.com/m", connections="8")  # type: ignore[arg-type]
    fetch("https://example.com/m", verify=False)  # type: ignore[call-arg]
    fetch_many(["https://example.com/m"], conections=4)  # type: ignore[call-arg]
    Settings(conections=4)  # type: ignore[call-arg]
    verify(output="m")  # type: ignore[call-arg]
    Settings(Path("m"))  # type: ignore[call-arg, arg-type]
    Settings().overwrite = True  # type: ignore[misc]


assert_type(anymatix_fetcher.__version__, str)


def what_this_machine_can() -> None:
    found = doctor(models="ComfyUI/models", directory=Path("models"))
    assert_type(found, list[Finding])
    assert_type(found[0].state, FindingState)
    assert_type(found[0].hint, str)


def whose_turn_it_is(error: FetchError) -> str:
    match error:
        case ReferenceSyntaxError() | NotFoundError() | AccessDeniedError():
            return "the caller's: the reference, or its rights"
        case RetriesExhaustedError() | UnexpectedAnswerError() | NetworkError():
            return "the network's or the server's"
        case RepresentationChangedError() | DigestMismatchError() | NotAModelError() | UnsafeModelError():
            return "the content's"
        case DiskFullError() | DestinationExistsError() | DestinationLockedError() | StorageError():
            return "this machine's"
        case DownloadCancelled() | InternalError() | IntegrityError():
            return error.message
        case _:
            return error.hint


def how_far_a_check_is(progress: CareProgress) -> None:
    assert_type(progress.bytes_done, int)


verify(on_progress=how_far_a_check_is)
