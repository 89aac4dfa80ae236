// Asks the page to be the media side of calls. Twilio's servers exchange audio with the browser; Node
// has no WebRTC. So the page has the other end of each connection too: ../page/media.js.

const PATIENCE = 15_000;

export class Media {
  #pages = new Set();
  /** The page of each call. */
  #calls = new Map();
  #requests = new Map();
  #next = 0;

  /** The last page that is open serves new calls. */
  use(socket) {
    this.#pages.add(socket);
    socket.on('close', () => this.#pages.delete(socket));
    socket.on('message', (data) => {
      const { id, sdp, error } = read(data);
      const request = this.#requests.get(id);
      this.#requests.delete(id);
      if (error) {
        request?.reject(new Error(error));
      } else {
        request?.resolve(sdp);
      }
    });
  }

  /** Answers the offer of a caller. Returns the answer. */
  answer(call, offer) {
    return this.#ask({ type: 'answer', call, offer });
  }

  /** Returns an offer to a callee. */
  offer(call) {
    return this.#ask({ type: 'offer', call });
  }

  /** Completes the offer with the callee's answer, and answers the caller's offer. */
  connect(call, answer, offer) {
    return this.#ask({ type: 'connect', call, answer, offer });
  }

  end(call) {
    this.#calls.get(call)?.send(JSON.stringify({ type: 'end', call }));
    this.#calls.delete(call);
  }

  #ask(request) {
    return new Promise((resolve, reject) => {
      const page = this.#calls.get(request.call) ?? [...this.#pages].at(-1);
      if (!page) {
        reject(new Error('no page is open that could carry the audio'));
        return;
      }
      this.#calls.set(request.call, page);
      const id = this.#next++;
      const timer = setTimeout(() => {
        this.#requests.delete(id);
        reject(new Error('the page did not answer'));
      }, PATIENCE);
      const settle = (done) => (value) => {
        clearTimeout(timer);
        done(value);
      };
      this.#requests.set(id, { resolve: settle(resolve), reject: settle(reject) });
      page.send(JSON.stringify({ id, ...request }));
    });
  }
}

function read(data) {
  try {
    return JSON.parse(data.toString()) ?? {};
  } catch {
    return {}; // a reply to no request
  }
}
