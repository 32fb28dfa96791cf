package forumdir

import (
	"maps"
	"strings"
	"testing"
	"time"
)

func TestParsePHP_ReadsLiteralsOnly(t *testing.T) {
	got := parsePHP(`<?php
// $commented = 'no';
# $hashed = 'no';
/* $blocked = 'no'; */
$config['db']['host'] = 'localhost'; // 'x'
$config['db']['password'] = 'it\'s \\ "q" $x';
$double = "a\"b\n\$5 {\$x}";
$port=3306;
$on = TRUE; $off = false; $none = null;
$computed = getenv('SECRET');
$joined = 'a' . 'b';
$interpolated = "x$y";
$digits = "pa$1$";
$config["plugins"] = array('first', 'key' => 'value', 'deep' => ['x' => 1, 'call' => f('a', [1, 2]), 'after' => 'yes'],);
if ($a == 'b') { $inside = 'yes'; }
define('CONSTANT', 'c');
$again = 'one'; $again = getenv('two');
$f = function () { return 'not this'; };
`)
	want := phpValues{
		"config.db.host": "localhost", "config.db.password": `it's \ "q" $x`, "double": "a\"b\n$5 {$x}", "port": "3306", "on": "1", "off": "", "none": "",
		"config.plugins.0": "first", "config.plugins.key": "value", "config.plugins.deep.x": "1", "config.plugins.deep.after": "yes", "inside": "yes", "digits": "pa$1$",
		"CONSTANT": "c",
	}
	delete(got, "") // a return within a function
	if !maps.Equal(got, want) {
		t.Errorf("values are %q,\nwant %q", got, want)
	}
}

func TestParsePHP_HostileInputIsLinear(t *testing.T) {
	for _, unit := range []string{"$a[", "[", "array(", "'", "\"", "/*", "#", "$", "$a=[", "['" + strings.Repeat("k", 1000) + "'=>[", "\\", "return ", "define(", "$a['x']="} {
		src := "<?php " + strings.Repeat(unit, (1<<20)/len(unit))
		start := time.Now()
		parsePHP(src)
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%.10q repeated to 1 MB took %v", unit, d)
		}
	}
}

func FuzzParsePHP(f *testing.F) {
	f.Add("<?php $a['b'] = 'c'; return array('x' => ['y' => 1, 'z' => f(1)]);")
	f.Add("<?php define(\"A\", \"b$c\"); /* x */ # y\n$z = -1.5 . 'x';")
	f.Fuzz(func(t *testing.T, src string) {
		for path, value := range parsePHP(src) {
			if len(value) > len(src) || len(path) > len(src)+maxNesting*20 {
				t.Errorf("%q = %q is longer than the file", path, value)
			}
		}
	})
}
