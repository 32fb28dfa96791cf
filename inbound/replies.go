package inbound

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"log/slog"
	"mime"
	"mime/quotedprintable"
	netmail "net/mail"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"postrider/bounce"
	"postrider/mail"
)

// Replies forwards what persons answer to our messages.
type Replies struct {
	To   string          // bare address; empty: answers are dropped
	From netmail.Address // sender of the forwarded messages
	// Senders are the bare addresses that our messages are from. What persons write to one of them is an answer.
	Senders []string
	// Send signs and sends a message.
	Send func(ctx context.Context, from, to string, raw []byte) mail.Outcome

	mu      sync.Mutex
	limiter *rate.Limiter
}

const (
	// Limits of forwarded messages, because anyone who got a message of ours can answer it as often as they like. Above
	// them, messages wait.
	repliesPerMinute = 2
	replyBurst       = 50
	// maxRemembered is how many forwarded messages are remembered: mailboxes are read again, and servers retry.
	maxRemembered = 500
	// rememberedKey is the key of their list in the store.
	rememberedKey = "forwarded replies"
)

// handleLetter forwards a message that a person wrote, if it answers one of ours.
func (b *Processor) handleLetter(ctx context.Context, log *slog.Logger, to []string, m message) error {
	ours, err := b.answersOurs(ctx, to, m)
	switch {
	case err != nil:
		return err
	case !ours:
		log.Debug("inbound message dropped: no answer to a message of ours")
		return nil
	case b.Replies == nil || b.Replies.To == "":
		log.Warn("answer of a person dropped", "fix", "set [bounces] replies")
		return nil
	}
	return b.Replies.forward(ctx, b, log, to, m)
}

// answersOurs reports whether a message was sent to our return path, refers to our Message-ID, or was sent to a sender of our
// messages.
func (b *Processor) answersOurs(ctx context.Context, to []string, m message) (bool, error) {
	for _, id := range m.Letter.AnswerTo {
		if _, ok := b.Composer.ReadMessageID(id); ok {
			return true, nil
		}
	}
	if b.Replies != nil && slices.ContainsFunc(b.Replies.Senders, func(sender string) bool { return containsFold(slices.Concat(to, m.To), sender) }) {
		return true, nil
	}
	about, err := b.identify(ctx, to, m.Report)
	return about != nil, err
}

func containsFold(list []string, address string) bool {
	return slices.ContainsFunc(list, func(a string) bool { return strings.EqualFold(strings.TrimSpace(a), address) })
}

// forward forwards a message once.
func (r *Replies) forward(ctx context.Context, b *Processor, log *slog.Logger, to []string, m message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if containsFold(slices.Concat(to, m.To), r.To) {
		log.Info("answer of a person not forwarded: it was sent to the same address")
		return nil
	}
	sum := sha256.Sum256([]byte(cmp.Or(m.Letter.MessageID, string(m.raw))))
	id := hex.EncodeToString(sum[:8])
	text, _, err := b.Store.Values.Get(ctx, rememberedKey)
	if err != nil {
		return err
	}
	remembered := strings.Fields(text)
	if slices.Contains(remembered, id) {
		return nil
	}
	if r.limiter == nil {
		r.limiter = rate.NewLimiter(rate.Every(time.Minute/repliesPerMinute), replyBurst)
	}
	if !r.limiter.Allow() {
		log.Warn("too many answers of persons, forwarding later")
		return ErrRetryLater
	}
	// Without a sender, a failure causes no report that would have to be forwarded, too.
	out := r.Send(ctx, r.From.Address, r.To, composeForward(r, m, b.Now()))
	switch out.Result {
	case mail.Accepted, mail.Uncertain:
		log.Info("answer of a person forwarded")
	case mail.Refused:
		log.Error("answer of a person cannot be forwarded", "code", out.Code, "enhanced", out.Enhanced, "reply", out.Reply, "fix", "check [bounces] replies")
		return nil
	default:
		log.Warn("answer of a person not forwarded yet, will retry", "code", out.Code, "err", out.Err)
		return ErrRetryLater
	}
	remembered = append(remembered, id)
	return b.Store.Values.Set(ctx, rememberedKey, strings.Join(remembered[max(0, len(remembered)-maxRemembered):], " "))
}

// composeForward composes the forwarded message: the text, and the whole message as a file. It is a new message of ours,
// because the original would fail SPF and DMARC. Answers to it go to the person.
func composeForward(r *Replies, m message, now time.Time) []byte {
	var out bytes.Buffer
	field := func(name, value string) { fmt.Fprintf(&out, "%s: %s\r\n", name, value) }
	boundary := "=_" + hex.EncodeToString([]byte(now.UTC().Format("150405.000000"))) + "_forward"
	field("From", r.From.String())
	field("To", "<"+r.To+">")
	if person := firstAddress(cmp.Or(m.Letter.ReplyTo, m.Letter.From)); person != "" {
		field("Reply-To", "<"+person+">")
	}
	field("Subject", encodeField("Fwd: "+m.Letter.Subject))
	field("Date", now.Format(time.RFC1123Z))
	sum := sha256.Sum256(m.raw)
	_, host, _ := strings.Cut(r.From.Address, "@")
	field("Message-ID", "<reply."+hex.EncodeToString(sum[:12])+"@"+host+">")
	field(bounce.LoopField, "yes")
	field("Auto-Submitted", "auto-generated")
	field("X-Auto-Response-Suppress", "OOF, AutoReply, DR, RN, NRN")
	field("MIME-Version", "1.0")
	field("Content-Type", `multipart/mixed; boundary="`+boundary+`"`)
	out.WriteString("\r\n--" + boundary + "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n")
	writeQuotedPrintable(&out, "A member answered an email from Postrider. Reply to this message to write to them.\n\nFrom: "+
		singleLine(m.Letter.From)+"\nSubject: "+singleLine(m.Letter.Subject)+"\n\n"+strings.ToValidUTF8(m.Letter.Text, "\ufffd"))
	out.WriteString("\r\n--" + boundary + "\r\nContent-Type: application/octet-stream; name=\"message.eml\"\r\nContent-Disposition: attachment; filename=\"message.eml\"\r\nContent-Transfer-Encoding: base64\r\n\r\n")
	encoded := base64.StdEncoding.EncodeToString(m.raw)
	for len(encoded) > 0 {
		n := min(76, len(encoded))
		out.WriteString(encoded[:n] + "\r\n")
		encoded = encoded[n:]
	}
	out.WriteString("\r\n--" + boundary + "--\r\n")
	return out.Bytes()
}

// firstAddress returns the first address in a field; empty: none that is valid.
func firstAddress(field string) string {
	list, err := netmail.ParseAddressList(field)
	if err != nil || len(list) == 0 || strings.ContainsFunc(list[0].Address, func(r rune) bool { return r <= ' ' || r >= 0x7f || r == '<' || r == '>' }) {
		return ""
	}
	return list[0].Address
}

// maxSubject is the longest subject of a forwarded message, in bytes.
const maxSubject = 200

func encodeField(text string) string {
	text = singleLine(text)
	text = strings.ToValidUTF8(text[:min(len(text), maxSubject)], "")
	return strings.ReplaceAll(mime.QEncoding.Encode("utf-8", text), "?= =?", "?=\r\n =?")
}

// singleLine replaces control characters with spaces.
func singleLine(text string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, "\ufffd")))
}

// writeQuotedPrintable writes a text so that no line starts with a dot.
func writeQuotedPrintable(out *bytes.Buffer, text string) {
	var encoded bytes.Buffer
	w := quotedprintable.NewWriter(&encoded)
	_, _ = w.Write([]byte(strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", "\n"))) // memory never fails
	_ = w.Close()
	for line := range strings.Lines(encoded.String()) {
		line = strings.TrimRight(line, "\r\n")
		if strings.HasPrefix(line, ".") {
			line = "=2E" + line[1:]
		}
		out.WriteString(line + "\r\n")
	}
}
