package smtptest

import "testing"

func TestReadLetter_DecodesBothParts(t *testing.T) {
	letter, err := ReadLetter([]byte("Subject: =?utf-8?q?caf=C3=A9?=\r\nContent-Type: multipart/alternative; boundary=x\r\n\r\n" +
		"--x\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\ncaf=C3=A9\r\n" +
		"--x\r\nContent-Type: text/html\r\n\r\n<b>bar</b>\r\n--x--\r\n"))
	if err != nil || letter.Text != "café" || letter.HTML != "<b>bar</b>" {
		t.Errorf("the letter is %+v, %v", letter, err)
	}
	if letter, err := ReadLetter([]byte("Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n=C3 is no code\r\n")); err != nil || letter.Text != "=C3 is no code\r\n" || letter.HTML != "" {
		t.Errorf("a letter without an HTML part is %+v, %v", letter, err)
	}
}

func TestReadLetter_RejectsWhatItCannotRead(t *testing.T) {
	for _, raw := range []string{"", "Content-Type: text/plain; charset\r\n\r\n", "Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\nQUJD\r\n"} {
		if letter, err := ReadLetter([]byte(raw)); err == nil {
			t.Errorf("%q is read as %+v", raw, letter)
		}
	}
}
