package mail

import (
	"bytes"
	"fmt"
	netmail "net/mail"
	"time"

	"github.com/emersion/go-msgauth/dkim"

	"postrider/internal/qp"
)

// signedFields are the fields that a signature covers. If a name is listed once more than a message has the
// field, the signature breaks when somebody adds another (RFC 6376, 8.15). Some programs show a second From
// instead of the first, and a second List-Unsubscribe would redirect the reader's click. Both fields of
// one-click unsubscription must be covered (RFC 8058, 4). Relays may change any other field.
var signedFields = []string{
	"From", "From", "To", "To", "Subject", "Subject", "Date", "Date", "Message-ID", "Message-ID",
	"Reply-To", "Reply-To", "In-Reply-To", "References", "MIME-Version", "Content-Type", "Content-Type", "List-Id",
	"List-Unsubscribe", "List-Unsubscribe", "List-Unsubscribe-Post", "List-Unsubscribe-Post", "Feedback-ID",
}

// Signer signs messages (DKIM, RFC 6376). A nil Signer signs nothing, because the relay does it. It is safe
// for concurrent use.
//
// go-mail can sign, too, but with a list of fields as long as ours its signatures do not verify.
type Signer struct {
	domain string
	keys   []dkimKey
}

// NewSigner reads the keys and tests them on a sample. It returns nil if no keys are configured.
func NewSigner(c DKIMConfig) (*Signer, error) {
	if !c.Enabled() {
		return nil, nil
	}
	if err := c.Validate(); err != nil {
		return nil, err
	}
	domain, err := asciiDomain(c.Domain)
	if err != nil {
		return nil, fmt.Errorf("domain: %w", err)
	}
	s := &Signer{domain: domain}
	key, err := rsaKey(c.Selector, c.KeyFile)
	if err != nil {
		return nil, err
	}
	s.keys = append(s.keys, key)
	if c.Ed25519KeyFile != "" {
		key, err := ed25519Key(c.Ed25519Selector, c.Ed25519KeyFile)
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, key)
	}
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("self-check: %w", err)
	}
	return s, nil
}

// Sign returns the message with its signatures in front. It must be the last step that changes the bytes.
func (s *Signer) Sign(raw []byte) ([]byte, error) {
	if s == nil {
		return raw, nil
	}
	var fields string
	for _, k := range s.keys {
		field, err := s.signatureHeader(k, raw)
		if err != nil {
			return nil, fmt.Errorf("signing with %s: %w", k.selector, err)
		}
		fields += field
	}
	return append([]byte(fields), raw...), nil
}

// signatureHeader returns the DKIM-Signature field of one key. It is relaxed, because relays refold lines.
// It never expires, because messages wait in queues for days.
func (s *Signer) signatureHeader(k dkimKey, raw []byte) (string, error) {
	signer, err := dkim.NewSigner(&dkim.SignOptions{
		Domain:                 s.domain,
		Selector:               k.selector,
		Signer:                 k.private,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed,
		BodyCanonicalization:   dkim.CanonicalizationRelaxed,
		HeaderKeys:             signedFields,
	})
	if err != nil {
		return "", err
	}
	// In one piece, because every write goes through a pipe to a goroutine that Close ends.
	_, err = signer.Write(raw)
	if closeErr := signer.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return "", err
	}
	return signer.Signature(), nil
}

// DNSRecord is a TXT record. A zone file needs a value longer than 255 bytes split into several strings;
// most web forms need it whole.
type DNSRecord struct{ Name, Value string }

// Records returns the DNS records that must be published for the signatures to verify.
func (s *Signer) Records() []DNSRecord {
	var all []DNSRecord
	for _, k := range s.keys {
		all = append(all, DNSRecord{k.selector + "._domainkey." + s.domain, k.record})
	}
	return all
}

// check signs a sample and verifies it like a receiver that found our records.
func (s *Signer) check() error {
	raw, err := s.sample()
	if err != nil {
		return err
	}
	signed, err := s.Sign(raw)
	if err != nil {
		return err
	}
	if err := validateRaw(signed); err != nil {
		return err
	}
	found, err := dkim.VerifyWithOptions(bytes.NewReader(signed), &dkim.VerifyOptions{LookupTXT: s.lookupOwnRecord})
	if err != nil {
		return fmt.Errorf("verifying the signatures: %w", err)
	}
	if len(found) != len(s.keys) {
		return fmt.Errorf("the sample has %d of %d signatures", len(found), len(s.keys))
	}
	for i, v := range found {
		if v.Err != nil {
			return fmt.Errorf("verifying the signature with %s: %w", s.keys[i].selector, v.Err)
		}
	}
	return nil
}

// lookupOwnRecord answers as DNS will after our records are published.
func (s *Signer) lookupOwnRecord(name string) ([]string, error) {
	for _, r := range s.Records() {
		if r.Name == name {
			return []string{r.Value}, nil
		}
	}
	return nil, fmt.Errorf("no DNS record %s", name)
}

// sample returns a typical message with placeholder addresses.
func (s *Signer) sample() ([]byte, error) {
	c, err := NewComposer(s.domain, []byte("self-check sample secret"))
	if err != nil {
		return nil, err
	}
	who := netmail.Address{Name: "Übung", Address: "self-check@" + s.domain}
	text := qp.Pieces{qp.Encode("Grüße\n")}
	return c.Compose(Message{
		Key: "self-check", From: who, ReplyTo: who, To: who, Subject: "Prüfung", Date: time.Unix(0, 0),
		Text: text, HTML: text, List: List{Name: "Übung", ID: "self-check." + s.domain},
		Unsubscribe: "https://" + s.domain + "/u", FeedbackID: "self-check:" + s.domain,
	})
}
