package admin

import (
	"net/url"
	"strconv"
)

// rowsPerPage is the number of rows on one page of a list.
const rowsPerPage = 50

// pager pages through a list. It does not count the pages, because that would read all rows.
type pager struct {
	Page  int // from 1
	More  bool
	query url.Values
}

// pager returns the requested page.
func (v *request) pager() pager {
	p := pager{Page: 1, query: v.r.URL.Query()}
	if n, err := strconv.Atoi(p.query.Get("page")); err == nil && n > 1 {
		p.Page = min(n, 1e6)
	}
	p.query.Del("done")
	p.query.Del("n")
	return p
}

func (p pager) skip() int { return (p.Page - 1) * rowsPerPage }

// Previous is the query of the previous page, with the same filter.
func (p pager) Previous() string { return p.pageURL(p.Page - 1) }

// Next is the query of the next page, with the same filter.
func (p pager) Next() string { return p.pageURL(p.Page + 1) }

func (p pager) pageURL(page int) string {
	q := url.Values{}
	for name, values := range p.query {
		q[name] = values
	}
	q.Set("page", strconv.Itoa(page))
	return "?" + q.Encode()
}

// splitPage cuts a list, read with one row more than a page, to one page.
func splitPage[T any](list []T) (rows []T, more bool) {
	if len(list) > rowsPerPage {
		return list[:rowsPerPage], true
	}
	return list, false
}
