package markup

// Text reads a post that has no markup: lines, bare URLs and @names.
func (d Dialect) Text(src string, l Links) Doc {
	b := builder{src: sanitize(src), links: l, tree: &tree{}, para: -1, cut: d.Cut}
	b.parse()
	d.finish(b.tree)
	return Doc{t: b.tree}
}
