//go:build go1.20

package main

import "net/http"

// answerAllOptions makes the handler answer `OPTIONS *`, which net/http otherwise answers itself.
func answerAllOptions(server *http.Server) {
	server.DisableGeneralOptionsHandler = true
}
