// Watches downloads: shows errors, and checks for missing models again after a download.

const RESCAN_MS = 300;

export class Watching {
  // api, app: ComfyUI's; toast(severity, summary, detail); t: texts.
  constructor({ api, app, toast, t }) {
    this.api = api;
    this.app = app;
    this.toast = toast;
    this.t = t;
    this.rescans = true;
    this.said = new Set();
    this.listeners = new Set();
    this.timer = 0;
  }

  begin() {
    this.api.addEventListener("asset_download", ({ detail }) => this.told(detail));
    this.api.addEventListener("anymatix_jobs", ({ detail }) => {
      if (detail.jobs.some((job) => job.state === "done")) this.soon();
    });
  }

  // After a new request for a download, its errors may be shown again.
  expect(taskId) { this.said.delete(taskId); }

  told({ task_id: taskId, asset_name: name, status, error }) {
    if (status === "completed") this.soon();
    if (status !== "failed" || this.said.has(taskId)) return;
    this.said.add(taskId);
    this.toast("error", this.t("failed", { name }), error || this.t("no_reason"));
  }

  onArrival(listener) { this.listeners.add(listener); return () => this.listeners.delete(listener); }

  // Several finished downloads cause one check.
  soon() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.rescan(), RESCAN_MS);
  }

  async rescan() {
    for (const listener of this.listeners) listener();
    if (!this.rescans) return;
    try {
      if (this.app.refreshMissingModels) await this.app.refreshMissingModels({ silent: true });
      else await this.app.refreshComboInNodes?.();
    } catch (error) {
      console.warn("AnymatixFetcher: the check for missing models failed", error);
    }
  }
}
