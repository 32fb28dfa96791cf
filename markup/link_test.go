package markup

import "testing"

func TestLink_OnlySafeURLs(t *testing.T) {
	l := Links{Base: "https://forum.example.org/community"}
	tests := []struct{ name, in, want string }{
		{"as it is", "https://a.example/x?y=1&z=%20#f", "https://a.example/x?y=1&z=%20#f"},
		{"upper case scheme", "HTTP://a.example/", "HTTP://a.example/"},
		{"spaces around", "  http://a.example/ ", "http://a.example/"},
		{"quotes around", `'http://a.example/'`, "http://a.example/"},
		{"without a scheme", "a.example/x", "http://a.example/x"},
		{"with www and a port", "www.a.example:8080/x", "http://www.a.example:8080/x"},
		{"without a protocol", "//a.example/x", "https://a.example/x"},
		{"relative to the host", "/threads/1/", "https://forum.example.org/threads/1/"},
		{"relative to the forum", "showthread.php?tid=1", "https://forum.example.org/community/showthread.php?tid=1"},
		{"a fragment", "#post-5", "https://forum.example.org/community/#post-5"},
		{"a mere word", "nonsense", ""},
		{"words", "see the FAQ", ""},
		{"script", "javascript:alert(1)", ""},
		{"script with a tab in it", "java\tscript:alert(1)", ""},
		{"script that looks like a host", "javascript.example:alert(1)", ""},
		{"data", "data:text/html,x", ""},
		{"file", "file:///etc/passwd", ""},
		{"no host", "http:///x", ""},
		{"a name before the host", "https://bank.example@evil.example/", ""},
		{"a quote in it", `http://a.example/"x`, "http://a.example/%22x"},
		{"a tag in it", "http://a.example/<b>", "http://a.example/%3Cb%3E"},
		{"a quote in the host", `http://a"b.example/`, ""},
		{"non-ASCII letters", "http://a.example/ö", "http://a.example/%C3%B6"},
		{"non-ASCII letters in the host", "http://bücher.example/", "http://xn--bcher-kva.example/"},
		{"an IPv6 host", "http://[::1]:80/", "http://[::1]:80/"},
		{"mail", "mailto:a.b+c@d.example", "mailto:a.b+c@d.example"},
		{"mail that is filled in", "mailto:a@b.example?bcc=c@d.example", "mailto:a@b.example"},
		{"mail to two", "mailto:a@b.example,c@d.example", ""},
		{"mailto without a valid address", "mailto:x", ""},
		{"nothing", "", ""},
	}
	for _, tt := range tests {
		if got := l.absolute(tt.in); got != tt.want {
			t.Errorf("%s: absolute(%q) = %q, want %q", tt.name, tt.in, got, tt.want)
		}
	}
	if got := (Links{}).absolute("/threads/1/"); got != "" {
		t.Errorf("absolute without a base = %q, want none", got)
	}
}

func TestAutolink_EndsBeforeTheSentenceContinues(t *testing.T) {
	tests := []struct{ src, want string }{
		{"see http://a.example/x.", "http://a.example/x"},
		{"(http://a.example/x)", "http://a.example/x"},
		{"http://a.example/x_(y)", "http://a.example/x_(y)"},
		{"(http://a.example/x_(y))!", "http://a.example/x_(y)"},
		{"“http://a.example/x”", "http://a.example/x"},
		{"请看http://a.example/x，谢谢", "http://a.example/x"},
		{"www.a.example, ", "www.a.example"},
		{"http://a.example/ä?ö", "http://a.example/ä?ö"},
		{"xhttp://a.example/", ""},
		{"http://", ""},
		{"awww.a.example", ""},
	}
	for _, tt := range tests {
		got := ""
		for _, n := range BBCode(tt.src, Links{}).t.nodes {
			if n.flag&bareURL != 0 {
				got = n.text
			}
		}
		if got != tt.want {
			t.Errorf("the address in %q is %q, want %q", tt.src, got, tt.want)
		}
	}
}
