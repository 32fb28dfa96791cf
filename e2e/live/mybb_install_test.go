//go:build live

package live

import (
	"fmt"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
)

const mybbPassword = "correct horse 7"

// Groups that MyBB creates itself.
const (
	mybbGuests    = 1
	mybbMembers   = 2
	mybbSuperMods = 3
)

// install goes through the pages of the installer.
func (f *mybb) install() {
	f.Helper()
	b := f.browser(admin)
	p := b.open("/install/index.php")
	for range 3 { // welcome, license, requirements
		p = p.form("", "action").send("")
	}
	engine := "mysqli"
	if f.dsn.Scheme == "postgres" {
		engine = "pgsql"
	}
	form := p.form("", "dbengine").set("dbengine", engine)
	host := f.dsn.Host
	if f.dsn.Query().Has("socket") {
		host = "localhost"
	}
	for name, value := range map[string]string{"dbhost": host, "dbuser": f.dsn.User.Username(), "dbname": filepath.Base(f.dsn.Path), "tableprefix": "mybb_"} {
		form.set("config["+engine+"]["+name+"]", value)
	}
	p = form.send("")
	for range 3 { // tables, rows, theme
		p = p.form("", "action").send("")
	}
	form = p.form("", "bbname")
	for name, value := range map[string]string{
		"bbname": "Live Forum", "bburl": f.url, "websitename": "Pier", "websiteurl": f.url, "contactemail": "forum@forum.example", "cookiedomain": "", "cookiepath": "/",
	} {
		form.set(name, value)
	}
	p = form.send("").form("", "adminuser").set("adminuser", admin).set("adminpass", mybbPassword).set("adminpass2", mybbPassword).
		set("adminemail", "harbour@pier.example").try("") // it says more than that it was successful
	f.wantText(p, "successfully been installed")
	b.open("/index.php")
}

// wantText fails the test if a page does not contain a text.
func (f *mybb) wantText(p *page, text string) {
	f.Helper()
	if !strings.Contains(p.text, text) {
		f.Fatalf("%s does not say %q: %.2000s", p.url, text, textOf(p.root))
	}
}

// setUp logs the administrator in, lets people register and post without waiting, and lets the forum send by SMTP.
func (f *mybb) setUp() {
	f.Helper()
	f.browser(admin).open("/admin/index.php").form("", "username").set("username", admin).set("password", mybbPassword).send("")
	inbox := must(url.Parse(f.forumMail.URL()))(f)
	for _, setting := range [...][2]string{
		{"captchaimage", "0"}, {"securityquestion", "0"}, {"regtype", "instant"}, {"regtime", "0"}, {"maxregsbetweentime", "0"}, {"postfloodcheck", "0"},
		{"postmergemins", "0"}, {"mail_handler", "smtp"}, {"smtp_host", inbox.Hostname()}, {"smtp_port", inbox.Port()},
	} {
		f.setting(setting[0], setting[1])
	}
	tasks := f.manage("tools-tasks", "")
	found := regexp.MustCompile(`action=edit&amp;tid=(\d+)">Send Mail Queue<`).FindStringSubmatch(tasks.text)
	if found == nil {
		f.Fatalf("%s has no task for the mail queue", tasks.url)
	}
	f.sendURL = strings.ReplaceAll(regexp.MustCompile(`index\.php\?module=tools-tasks&amp;action=run&amp;tid=`+found[1]+`&amp;my_post_key=\w+`).FindString(tasks.text), "&amp;", "&")
}

// sendQueue makes the forum send the email that it has queued. Its task sends only a part of them at a time.
func (f *mybb) sendQueue() {
	f.Helper()
	for range 100 {
		if f.queryInt("SELECT COUNT(*) FROM mybb_mailqueue") == 0 {
			return
		}
		f.browser(admin).open("/admin/" + f.sendURL)
	}
	f.Fatalf("the forum still has email to send: %s", f.sendURL)
}

// register creates an account through the pages. The browser of that name is then logged in.
func (f *mybb) register(name string) {
	f.Helper()
	address := strings.ToLower(strings.ReplaceAll(name, " ", ".")) + "@members.example"
	p := f.browser(name).open("/member.php?action=register").form("member.php", "agree").send("agree")
	form := p.form("member.php", "regsubmit").set("username", name).set("password", mybbPassword).set("password2", mybbPassword).set("email", address).set("email2", address)
	f.wantText(form.send("regsubmit"), name)
	f.addresses[address] = name
	f.members[name] = f.queryInt(fmt.Sprintf("SELECT uid FROM mybb_users WHERE username = '%s'", name))
}
