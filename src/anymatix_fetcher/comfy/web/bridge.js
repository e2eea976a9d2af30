// The bridge: lets ComfyUI's buttons for missing models download on the server.
//
// At each click the page calls `window.__comfyDesktop2.downloadModel` if it exists, and otherwise opens the URL in the
// browser.
// ComfyUI's desktop application has its own function, which is kept. The bridge's function can be removed again.

const NAME = "__comfyDesktop2";

export class Bridge {
  // window: the page's window; routes: the pack's routes; toast(severity, summary, detail): shows a message.
  constructor({ window, routes, toast, t, watching }) {
    this.window = window;
    this.routes = routes;
    this.toast = toast;
    this.t = t;
    this.watching = watching;
    this.before = undefined;
    this.ours = null;
  }

  put() {
    const there = this.window[NAME];
    if (this.ours || typeof there?.downloadModel === "function") return;
    this.before = there;
    this.ours = Object.assign(Object.create(there ?? Object.prototype), {
      isRemote: () => false,
      downloadModel: (url, name, directory) => this.download(url, name, directory),
    });
    this.window[NAME] = this.ours;
  }

  take() {
    if (this.ours && this.window[NAME] === this.ours) {
      if (this.before === undefined) delete this.window[NAME];
      else this.window[NAME] = this.before;
    }
    this.ours = null;
    this.before = undefined;
  }

  // The page doesn't show a rejected promise, so errors are shown here.
  async download(url, name, directory) {
    try {
      const task = await this.routes("POST", "/anymatix/download", { url, name, directory });
      this.watching.expect(task.task_id, name);
      return true;
    } catch (error) {
      this.toast("error", this.t("refused", { name }), [error.message, error.hint].filter(Boolean).join(". "));
      throw error;
    }
  }
}
