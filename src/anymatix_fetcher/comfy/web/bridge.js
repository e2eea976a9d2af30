// What ComfyUI's page asks for when one of its buttons for missing models is pressed: a host that downloads.
//
// It asks at each press whether `window.__comfyDesktop2.downloadModel` is there, and opens the address in the browser where
// it isn't. ComfyUI's desktop application brings a real one, which is left alone. What is put there is taken away again.

const NAME = "__comfyDesktop2";

export class Bridge {
  // window: the page's; routes: asks the pack; toast(severity, summary, detail): says something to the user.
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

  // The page shows a rejected promise to no user: what is wrong is said here.
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
