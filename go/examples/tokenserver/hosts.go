package main

import (
	"errors"
	"os"
	"regexp"
	"strings"
)

// A page of a stranger can let its own host name point to this server. The browser then
// takes the page and the server for one site, and lets the page read tokens. But the browser
// still sends the stranger's name in the Host header.
var (
	hostForm   = regexp.MustCompile(`^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])$`)
	headerForm = regexp.MustCompile(`^([A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$`)
	originForm = regexp.MustCompile(`^https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::[0-9]{1,5})?$`)
)

// readHosts returns the allowed hosts.
func readHosts() ([]string, error) {
	list := os.Getenv("TOKEN_HOSTS")
	if list == "" {
		list = "localhost,127.0.0.1,[::1]"
	}
	hosts, ok := split(list, hostForm)
	if !ok {
		return nil, errors.New("TOKEN_HOSTS: write hosts without ports, such as example.com,[::1]")
	}
	return hosts, nil
}

// readOrigins returns the origins whose pages may read tokens, by default none.
func readOrigins() ([]string, error) {
	list := os.Getenv("TOKEN_ORIGINS")
	if list == "" {
		return nil, nil
	}
	origins, ok := split(list, originForm)
	if !ok {
		return nil, errors.New("TOKEN_ORIGINS: write origins in lower case, such as" +
			" https://example.com,http://localhost:3000")
	}
	return origins, nil
}

// split returns the items of a list, and whether all have a form.
func split(list string, form *regexp.Regexp) ([]string, bool) {
	items := strings.Split(list, ",")
	for i := range items {
		items[i] = strings.Trim(items[i], " ")
		if !form.MatchString(items[i]) {
			return nil, false
		}
	}
	return items, true
}

// allowsHost returns whether the host of a Host header is allowed. It ignores the port.
func (s settings) allowsHost(header string) bool {
	found := headerForm.FindStringSubmatch(header)
	if found == nil {
		return false
	}
	for _, host := range s.hosts {
		if strings.EqualFold(host, found[1]) {
			return true
		}
	}
	return false
}

func (s settings) allowsOrigin(header string) bool {
	for _, origin := range s.origins {
		if origin == header {
			return true
		}
	}
	return false
}
