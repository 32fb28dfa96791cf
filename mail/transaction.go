package mail

import (
	"fmt"
	"time"
)

// envelope is a message in its envelope. Both addresses and every byte have been checked.
type envelope struct {
	from, to string
	raw      []byte
}

// maxKeptBuffer is the largest message whose memory a connection keeps.
const maxKeptBuffer = 1 << 20

// command is one line to the relay.
type command struct {
	stage Stage
	line  string
}

// ok tells whether code lets the transaction go on.
func (c command) ok(code int) bool {
	if c.stage == Data {
		return code == 354
	}
	return code/100 == 2
}

// deliver runs one transaction (RFC 5321, 3.3) and tells whether the connection can take another one.
//
// Where the relay offers PIPELINING, the whole envelope goes in one packet (RFC 2920, 3.1), else line by line;
// the replies are judged alike. No RSET follows an accepted message: it would cost a round trip, and a relay
// that answers it with 421 would make a success look like a failure.
func (c *conn) deliver(m envelope, timeout time.Duration) (o Outcome, usable bool) {
	c.sent++
	commands := []command{
		{Sender, "MAIL FROM:<" + m.from + ">\r\n"},
		{Recipient, "RCPT TO:<" + m.to + ">\r\n"},
		{Data, "DATA\r\n"},
	}
	if c.open {
		commands = append([]command{{Connecting, "RSET\r\n"}}, commands...)
	}
	c.open = true
	o, usable = c.envelope(commands, timeout)
	if o.Result == "" {
		o, usable = c.body(m.raw, timeout)
	}
	switch o.Result {
	case Accepted:
		c.rejects = 0
	case Refused, TempFail:
		c.rejects++
	}
	return o, usable
}

// envelope sends the commands. An outcome without a result means that the relay waits for the message.
func (c *conn) envelope(commands []command, timeout time.Duration) (o Outcome, usable bool) {
	if err := c.wire.setLimits(timeout); err != nil {
		return connectionLost(Connecting, err), false
	}
	w := c.client.Text.W
	if c.pipelining {
		for _, cmd := range commands {
			_, _ = w.WriteString(cmd.line) // an error stays with w and comes back from Flush
		}
		if err := w.Flush(); err != nil {
			return connectionLost(commands[0].stage, err), false
		}
	}
	for _, cmd := range commands {
		if !c.pipelining {
			if o.Result != "" {
				return o, true
			}
			_, _ = w.WriteString(cmd.line)
			if err := w.Flush(); err != nil {
				return connectionLost(cmd.stage, err), false
			}
		}
		p, err := readReply(c.client.Text.R)
		switch {
		case err != nil && o.Result != "":
			return o, false // the verdict is in; the relay may hang up
		case err != nil:
			return connectionLost(cmd.stage, err), false
		case cmd.stage == Data && p.code == 354 && o.Result != "":
			return o, c.abortData(timeout)
		case o.Result == "" && !cmd.ok(p.code):
			if o = outcomeFor(cmd.stage, p); o.Result == NotSent {
				return o, false
			}
		}
	}
	return o, true
}

// abortData ends a message that the relay waits for though it refused the recipient: having pipelined DATA, we owe it
// a final dot (RFC 2920, 3.1). Whatever it answers, nobody gets anything.
func (c *conn) abortData(timeout time.Duration) (usable bool) {
	w := c.client.Text.W
	_, _ = w.WriteString(".\r\n")
	if c.wire.setLimits(timeout) != nil || w.Flush() != nil {
		return false
	}
	p, err := readReply(c.client.Text.R)
	return err == nil && p.code != 421
}

// body sends the message and its final dot in one piece. Until the last byte is handed to the system the
// relay cannot have seen the dot; from then on only its answer tells.
func (c *conn) body(raw []byte, timeout time.Duration) (o Outcome, usable bool) {
	// Relays scan for viruses and spam before they answer; RFC 5321, 4.5.3.2.6 grants them ten minutes.
	if err := c.wire.setLimits(10 * timeout); err != nil {
		return connectionLost(Body, err), false
	}
	c.out = append(append(c.out[:0], raw...), ".\r\n"...)
	w := c.client.Text.W
	_, err := w.Write(c.out)
	if err == nil {
		err = w.Flush()
	}
	if cap(c.out) > maxKeptBuffer {
		c.out = nil
	}
	if err != nil {
		return connectionLost(Body, err), false
	}
	p, err := readReply(c.client.Text.R)
	if err != nil {
		return Outcome{Result: Uncertain, Stage: Body, Err: fmt.Errorf("waiting for the answer to the message: %w", err)}, false
	}
	c.open = false
	switch p.code / 100 {
	case 2:
		return Outcome{Result: Accepted, Stage: Body, Code: p.code, Enhanced: p.enhanced(), Reply: p.text, QueueID: p.queueID()}, true
	case 4, 5:
		o := outcomeFor(Body, p)
		return o, o.Result != NotSent
	}
	o = fromReply(Uncertain, Body, p)
	o.Err = errProtocol
	return o, false
}

// outcomeFor judges a reply that is not the wanted one.
func outcomeFor(stage Stage, p reply) Outcome {
	switch {
	case stage == Connecting || !aboutMessage(stage, p.code):
		return fromReply(NotSent, stage, p)
	case p.code/100 == 4:
		return fromReply(TempFail, stage, p)
	case p.code/100 == 5:
		return fromReply(Refused, stage, p)
	}
	o := fromReply(NotSent, stage, p)
	o.Err = errProtocol
	return o
}

// aboutMessage tells a reply to this message from one that every message would get. To take the second for
// the first would cost each member his mail for a slip in the relay's settings or in ours.
func aboutMessage(stage Stage, code int) bool {
	switch code {
	case 421: // the relay hangs up, whatever we said (RFC 5321, 3.8)
		return false
	case 530, 534, 535, 538: // it wants a login or TLS (RFC 4954, 6; RFC 3207, 4)
		return false
	case 500, 502, 503, 504: // it does not want our commands, in this order or at all
		return stage == Body
	}
	return true
}

// fromReply is an outcome in the relay's own words.
func fromReply(r Result, stage Stage, p reply) Outcome {
	return Outcome{Result: r, Stage: stage, Code: p.code, Enhanced: p.enhanced(), Reply: p.text, Retry: p.retry()}
}

// connectionLost is the end of a connection before the final dot.
func connectionLost(stage Stage, err error) Outcome {
	return Outcome{Result: NotSent, Stage: stage, Err: fmt.Errorf("the connection was lost: %w", err)}
}
