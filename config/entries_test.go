package config

import (
	"strings"
	"testing"
)

func TestEntries_ListAllKeysWithoutSecrets(t *testing.T) {
	text := `
[forum]
type = "xenforo2"
dsn  = "mysql://reader:s3cret-1%2F%40x@127.0.0.1:3306/xenforo"
url  = "https://forum.example.org"
[store]
dsn = "postgres://postrider:s3cret-3@db1:5432,db2:5432/postrider?password=s3cret-4"
[smtp]
url  = "smtp+starttls://user@host:587"
password = "s3cret-6"
from = "Example Forum <digest@forum.example.org>"
[smtp.fallback]
url = "smtps://second@host:465"
password = "s3cret-7"
[delivery]
allow_only = ["me@example.org", "@example.com"]
domain_rate = { "gmail.com" = 20, "*" = 5 }
[announcements]
canary_wait = "1h30m"
[bounces]
password = "s3cret-8"
[alarms]
webhook = "https://hooks.example.org/services/s3cret-9"
secret = "s3cret-10-and-more"
[web]
hook_secret = "s3cret-11-and-more"
[admin]
password_hash = "$argon2id$v=19$m=65536,t=3,p=4$czNjcmV0LXNhbHQtMTI$czNjcmV0LWhhc2gtMTIzNDU2Nzg5MDEyMzQ1Njc4OTA"
`
	c, err := Parse(text, ".", noEnv)
	if err != nil {
		t.Fatal(err)
	}
	entries := make(map[string]Entry)
	for _, e := range c.Entries() {
		entries[e.Key] = e
		if strings.Contains(e.Value, "s3cret") || strings.Contains(e.Value, "czNjcmV0") {
			t.Errorf("%s shows a secret: %q", e.Key, e.Value)
		}
	}
	for key := range keys() {
		if _, known := entries[key]; !known {
			t.Errorf("%s is missing", key)
		}
	}
	for key, want := range map[string]Entry{
		"forum.dsn":                 {Value: "mysql://reader:…@127.0.0.1:3306/xenforo", Set: true},
		"store.dsn":                 {Value: "postgres://postrider:…@db1:5432,db2:5432/postrider", Set: true},
		"smtp.url":                  {Value: "smtp+starttls://user@host:587", Set: true},
		"smtp.fallback.url":         {Value: "smtps://second@host:465", Set: true},
		"smtp.password":             {Set: true, Hidden: true},
		"web.hook_secret":           {Set: true, Hidden: true},
		"admin.password_hash":       {Set: true, Hidden: true},
		"alarms.webhook":            {Value: "https://hooks.example.org/…", Set: true},
		"digest.hour":               {Value: "8"},
		"scan.interval":             {Value: "10s"},
		"scan.max_age":              {Value: "720h"},
		"alerts.debounce":           {Value: "1m"},
		"announcements.canary_wait": {Value: "1h30m", Set: true},
		"web.url":                   {Value: "https://forum.example.org/postrider"},
		"forum.name":                {Value: "forum.example.org"},
		"delivery.allow_only":       {Value: "me@example.org, @example.com", Set: true},
		"delivery.domain_rate":      {Value: "* = 5, gmail.com = 20", Set: true},
		"web.trusted_proxies":       {},
		"smtp.from":                 {Value: "Example Forum <digest@forum.example.org>", Set: true},
	} {
		want.Key = key
		if entries[key] != want {
			t.Errorf("%s = %+v, want %+v", key, entries[key], want)
		}
	}
}
