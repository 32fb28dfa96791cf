package admin

import (
	"net/url"
	"strconv"
)

// rowsPerPage is how many rows of a list stand on one page.
const rowsPerPage = 50

// pager leads from page to page of a list. It counts no pages: that would read all rows.
type pager struct {
	Page  int // from 1
	More  bool
	query url.Values
}

// pager reads which page is asked for.
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

// Previous is the query of the page before this one; the filter stays as it is.
func (p pager) Previous() string { return p.pageURL(p.Page - 1) }

// Next is the query of the page behind this one.
func (p pager) Next() string { return p.pageURL(p.Page + 1) }

func (p pager) pageURL(page int) string {
	q := url.Values{}
	for name, values := range p.query {
		q[name] = values
	}
	q.Set("page", strconv.Itoa(page))
	return "?" + q.Encode()
}

// splitPage leaves as many rows as stand on a page, of a list that was read with one more.
func splitPage[T any](list []T) (rows []T, more bool) {
	if len(list) > rowsPerPage {
		return list[:rowsPerPage], true
	}
	return list, false
}
