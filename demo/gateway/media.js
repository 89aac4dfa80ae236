// Asks the caller's page to be the media side of a call. Twilio's servers exchange audio with the browser; Node
// has no WebRTC. So the page has the other end of each connection too: ../page/media.js.

const PATIENCE = 15_000;

export class Media {
  /** The sockets of the open pages, by the page's ID. */
  #pages = new Map();
  #requests = new Map();
  #next = 0;

  /** Serves a page until it closes. */
  use(id, socket) {
    this.#pages.set(id, socket);
    socket.on('close', () => this.#pages.delete(id));
    socket.on('message', (data) => {
      const { id: request, sdp, error } = read(data);
      if (error) {
        this.#requests.get(request)?.reject(new Error(error));
      } else {
        this.#requests.get(request)?.resolve(sdp);
      }
    });
  }

  /** Answers the offer of a caller. Returns the answer. */
  answer({ page, sid }, offer) {
    return this.#ask(page, sid, { type: 'answer', offer });
  }

  /** Returns an offer to a callee. */
  offer({ page, sid }) {
    return this.#ask(page, sid, { type: 'offer' });
  }

  /** Completes the offer with the callee's answer, and answers the caller's offer. */
  connect({ page, sid }, answer, offer) {
    return this.#ask(page, sid, { type: 'connect', answer, offer });
  }

  /** Ends the connections of a call. Requests for it fail. */
  end({ page, sid }) {
    this.#pages.get(page)?.send(JSON.stringify({ type: 'end', call: sid }));
    for (const request of this.#requests.values()) {
      if (request.call === sid) {
        request.reject(new Error('the call has ended'));
      }
    }
  }

  #ask(page, call, request) {
    const socket = this.#pages.get(page);
    if (!socket) {
      return Promise.reject(new Error('the page that carries the audio is closed'));
    }
    return new Promise((resolve, reject) => {
      const id = this.#next++;
      const settle = (done) => (value) => {
        clearTimeout(timer);
        this.#requests.delete(id);
        done(value);
      };
      const fail = settle(reject);
      const timer = setTimeout(() => fail(new Error('the page did not answer')), PATIENCE);
      this.#requests.set(id, { call, resolve: settle(resolve), reject: fail });
      socket.send(JSON.stringify({ id, call, ...request }));
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
