package source

import (
	"cmp"
	"context"
	"slices"

	"postrider/forum"
)

// node is a node of the forum's section tree.
type node struct {
	id, parent forum.SectionID
	place      int64
	title      string
	hasThreads bool
	closed     bool
}

// Sections lists the sections that are not closed, in the forum's own order.
func (s *Snapshot) Sections(ctx context.Context) ([]forum.Section, error) {
	nodes, err := s.nodes(ctx)
	if err != nil {
		return nil, err
	}
	var sections []forum.Section
	for _, n := range visibleSections(nodes) {
		if n.hasThreads {
			sections = append(sections, forum.Section{ID: n.id, Title: n.title, Order: len(sections) + 1})
		}
	}
	return sections, nil
}

func (s *Snapshot) nodes(ctx context.Context) ([]node, error) {
	var nodes []node
	n := node{hasThreads: true}
	var address string
	r := columns{"id": &n.id, "parent_id?": &n.parent, "place?": &n.place, "title": &n.title, "holds_threads?": &n.hasThreads, "closed": &n.closed,
		"address?": &address}
	err := s.queryNamed(ctx, "sections", nil, r, func() error {
		if s.db.kind.section != nil {
			n.title = s.db.kind.section(n.title)
		}
		n.title = s.name(n.title)
		keep(s.db.links.sections, n.id, s.db.absolute(address))
		nodes = append(nodes, n)
		return nil
	})
	return nodes, err
}

// visibleSections returns the tree in the forum's order, parents first. It leaves out closed nodes and all nodes below
// them, and nodes whose parent is missing.
func visibleSections(nodes []node) []node {
	children := make(map[forum.SectionID][]node)
	for _, n := range nodes {
		if !n.closed {
			children[n.parent] = append(children[n.parent], n)
		}
	}
	var listed []node
	var walk func(forum.SectionID)
	walk = func(parent forum.SectionID) {
		below := children[parent]
		delete(children, parent) // prevents an endless loop if the forum's tree has a cycle
		slices.SortFunc(below, func(a, b node) int { return cmp.Or(cmp.Compare(a.place, b.place), cmp.Compare(a.id, b.id)) })
		for _, n := range below {
			listed = append(listed, n)
			walk(n.id)
		}
	}
	walk(0)
	return listed
}
