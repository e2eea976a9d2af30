"""The table of RPC methods, and the methods that concern the server itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from anymatix_fetcher import __version__
from anymatix_fetcher.serve.aria2 import adding, steering, telling
from anymatix_fetcher.serve.aria2.notifications import NOTIFICATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from anymatix_fetcher.serve.aria2.arguments import Arguments
    from anymatix_fetcher.serve.aria2.desk import Desk

    Method: TypeAlias = Callable[[Desk, Arguments], object]

VERSION = "1.37.0"
"""The version of aria2 that is reported, since clients compare it."""
FEATURES = ("GZip", "HTTPS", "Message Digest", "Metalink", f"AnymatixFetcher {__version__}")
MULTICALL = "system.multicall"


def _get_version(_desk: Desk, _arguments: Arguments) -> object:
    return {"version": VERSION, "enabledFeatures": list(FEATURES)}


def _get_session_info(desk: Desk, _arguments: Arguments) -> object:
    return {"sessionId": desk.session_id}


def _shutdown(desk: Desk, _arguments: Arguments) -> object:
    desk.stop()
    return steering.OK


def _save_session(_desk: Desk, _arguments: Arguments) -> object:
    return steering.OK  # every change is stored before it is acknowledged


def _list_methods(_desk: Desk, _arguments: Arguments) -> object:
    return [*METHODS, MULTICALL, *OPEN_METHODS]


def _list_notifications(_desk: Desk, _arguments: Arguments) -> object:
    return list(NOTIFICATIONS)


METHODS: dict[str, Method] = {
    "aria2.addUri": adding.add_uri,
    "aria2.addTorrent": adding.add_torrent,
    "aria2.getPeers": telling.get_peers,
    "aria2.addMetalink": adding.add_metalink,
    "aria2.remove": steering.remove,
    "aria2.pause": steering.pause,
    "aria2.forcePause": steering.pause,
    "aria2.pauseAll": steering.pause_all,
    "aria2.forcePauseAll": steering.pause_all,
    "aria2.unpause": steering.unpause,
    "aria2.unpauseAll": steering.unpause_all,
    "aria2.forceRemove": steering.remove,
    "aria2.changePosition": steering.change_position,
    "aria2.tellStatus": telling.tell_status,
    "aria2.getUris": telling.get_uris,
    "aria2.getFiles": telling.get_files,
    "aria2.getServers": telling.get_servers,
    "aria2.tellActive": telling.tell_active,
    "aria2.tellWaiting": telling.tell_waiting,
    "aria2.tellStopped": telling.tell_stopped,
    "aria2.getOption": telling.get_option,
    "aria2.changeUri": steering.change_uri,
    "aria2.changeOption": steering.change_option,
    "aria2.getGlobalOption": telling.get_global_option,
    "aria2.changeGlobalOption": steering.change_global_option,
    "aria2.purgeDownloadResult": steering.purge_download_result,
    "aria2.removeDownloadResult": steering.remove_download_result,
    "aria2.getVersion": _get_version,
    "aria2.getSessionInfo": _get_session_info,
    "aria2.shutdown": _shutdown,
    "aria2.forceShutdown": _shutdown,
    "aria2.getGlobalStat": telling.get_global_stat,
    "aria2.saveSession": _save_session,
}
"""The methods that need the secret."""
OPEN_METHODS: dict[str, Method] = {
    "system.listMethods": _list_methods,
    "system.listNotifications": _list_notifications,
}
"""The methods that don't need the secret."""
