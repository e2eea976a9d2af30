// npm's package aria2, as its users call it: over a WebSocket, with notifications, and over HTTP. Prints what it was told.
const Aria2 = require("aria2");

const [port, secret, url, name] = process.argv.slice(2);

async function main() {
  const aria2 = new Aria2({ host: "127.0.0.1", port: Number(port), secure: false, secret, path: "/jsonrpc" });
  const told = [];
  const over = new Promise((resolve) => {
    aria2.on("onDownloadStart", () => told.push("start"));
    aria2.on("onDownloadComplete", () => { told.push("complete"); resolve(); });
  });
  await aria2.open();
  const methods = await aria2.listMethods();
  const notifications = await aria2.listNotifications();
  const gid = await aria2.call("addUri", [url], { out: name });
  await over;
  const status = await aria2.call("tellStatus", gid, ["status", "totalLength", "completedLength"]);
  const [[version], [stopped]] = await aria2.multicall([["getVersion"], ["tellStopped", 0, 10, ["gid"]]]);
  const batch = await Promise.all(await aria2.batch([["getGlobalStat"], ["getOption", gid]]));
  const failure = await aria2.call("tellStatus", "0000000000000001").catch((error) => error.message);
  await aria2.close();
  const byHttp = await aria2.call("tellStatus", gid, ["status"]);
  console.log(JSON.stringify({
    gid, told, status, version: version.version, stopped, failure, byHttp,
    stat: batch[0].numStopped, out: batch[1].out,
    hasMethods: methods.includes("addUri") && notifications.includes("onDownloadComplete"),
  }));
}

main().catch((error) => { console.error(error); process.exit(1); });
