package templates

import (
	"strconv"
	"text/template/parse"

	"postrider/markup"
)

// usedKeys are the locale keys that something uses, each with the place: those that every locale needs, and those that only
// a locale for admins needs, too.
type usedKeys struct {
	members, admins map[string]string
}

// ownKeys are the locale keys that this package uses itself. The templates use all others.
func ownKeys() []string {
	return []string{
		"subject.threads", "subject.replies", "subject.both", "subject.more",
		"layout.any_member", "summary.line", "summary.for_you", "summary.unread", "summary.unread_from",
		"likes.one", "likes.two", "likes.three", "likes.one_more", "likes.two_more", "likes.count",
		"more.replies", "more.posts", "more.new_posts", "more.threads", "more.threads_here", "more.brief",
		"post.guest", "post.photos", "post.videos", "post.files", "post.files_named",
		"alert.several",
		"alert.why_quote", "alert.why_mention", "alert.why_thread", "alert.why_section", "alert.why_several",
		"alert.cause_quote", "alert.cause_mention", "alert.cause_thread", "alert.cause_section",
		"alert.stop_thread", "alert.stop_section", "alert.stop_all",
		"markup.said", "markup.quote", "markup.spoiler", "markup.hidden", "markup.ignored", "markup.image", "markup.attachment", "markup.video",
	}
}

func (l *locale) markupWords() markup.Labels {
	return markup.Labels{
		QuoteHead:  func(name string) string { return l.mustText("markup.said", "name", name) },
		QuotedPost: l.mustText("markup.quote"),
		Spoiler:    l.mustText("markup.spoiler"),
		Hidden:     l.mustText("markup.hidden"),
		Ignored:    l.mustText("markup.ignored"),
		Image:      l.mustText("markup.image"),
		Attachment: l.mustText("markup.attachment"),
		Video:      l.mustText("markup.video"),
		LinkColor:  l.palette.Accent,
	}
}

// keysIn records the keys that a template passes to t.
func keysIn(tree *parse.Tree, used map[string]string) {
	walk(tree.Root, func(n *parse.CommandNode) {
		if len(n.Args) < 2 || n.Args[0].String() != "t" {
			return
		}
		if key, ok := n.Args[1].(*parse.StringNode); ok {
			at, _ := tree.ErrorContext(n)
			used[key.Text] = place(at)
		}
	})
}

// place cuts "file:line:column" to "file:line".
func place(at string) string {
	for i := len(at) - 1; i > 0; i-- {
		if at[i] == ':' {
			if _, err := strconv.Atoi(at[i+1:]); err == nil {
				return at[:i]
			}
			return at
		}
	}
	return at
}

// walk visits all commands below a node.
func walk(n parse.Node, visit func(*parse.CommandNode)) {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return
		}
		for _, child := range n.Nodes {
			walk(child, visit)
		}
	case *parse.ActionNode:
		walk(n.Pipe, visit)
	case *parse.PipeNode:
		if n == nil {
			return
		}
		for _, cmd := range n.Cmds {
			visit(cmd)
			for _, arg := range cmd.Args {
				walk(arg, visit)
			}
		}
	case *parse.IfNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.RangeNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.WithNode:
		walkBranch(&n.BranchNode, visit)
	case *parse.TemplateNode:
		walk(n.Pipe, visit)
	}
}

func walkBranch(n *parse.BranchNode, visit func(*parse.CommandNode)) {
	walk(n.Pipe, visit)
	walk(n.List, visit)
	walk(n.ElseList, visit)
}
