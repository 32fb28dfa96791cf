package mail

import (
	"fmt"
	"strconv"
	"time"
)

// envelope is a message with its envelope. Both addresses and every byte have been validated.
type envelope struct {
	from, to string
	raw      []byte
}

// maxKeptBuffer is the largest buffer that a connection keeps.
const maxKeptBuffer = 1 << 20

// command is one command line to the relay.
type command struct {
	stage Stage
	line  string
}

// ok reports whether the transaction can continue after code.
func (c command) ok(code int) bool {
	if c.stage == Data {
		return code == 354
	}
	return code/100 == 2
}

// deliver runs one transaction (RFC 5321, 3.3) and reports whether the connection can be used for another
// one.
//
// If the relay offers PIPELINING, the whole envelope goes in one packet (RFC 2920, 3.1), else line by line;
// the replies are handled in the same way. There is no RSET after an accepted message: it would cost a
// round trip, and a relay that replies 421 to it would make a success look like a failure.
func (c *conn) deliver(m envelope, timeout time.Duration) (o Outcome, usable bool) {
	size := ""
	if c.offers("SIZE") {
		if most := c.maxSize(); most > 0 && len(m.raw) > most {
			return Outcome{
				Result: Refused, Stage: Body, Enhanced: "5.3.4",
				Err: fmt.Errorf("the message has %d bytes, the relay accepts %d", len(m.raw), most),
			}, true
		}
		size = " SIZE=" + strconv.Itoa(len(m.raw))
	}
	c.sent++
	commands := []command{
		{Sender, "MAIL FROM:<" + m.from + ">" + size + "\r\n"},
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

// envelope sends the commands. An outcome without a result means that the relay is ready for the message.
func (c *conn) envelope(commands []command, timeout time.Duration) (o Outcome, usable bool) {
	if err := c.wire.setLimits(timeout); err != nil {
		return connectionLost(Connecting, err), false
	}
	w := c.w
	pipelining := c.offers("PIPELINING")
	if pipelining {
		for _, cmd := range commands {
			_, _ = w.WriteString(cmd.line) // w keeps an error and returns it from Flush
		}
		if err := w.Flush(); err != nil {
			return connectionLost(commands[0].stage, err), false
		}
	}
	for _, cmd := range commands {
		if !pipelining {
			if o.Result != "" {
				return o, true
			}
			_, _ = w.WriteString(cmd.line)
			if err := w.Flush(); err != nil {
				return connectionLost(cmd.stage, err), false
			}
		}
		p, err := readReply(c.r)
		switch {
		case err != nil && o.Result != "":
			return o, false // the result is known; the relay may hang up
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

// abortData ends a message when the relay accepted DATA but rejected the recipient. Because we pipelined
// DATA, we must send a final dot (RFC 2920, 3.1). Whatever the relay replies, no message is delivered.
func (c *conn) abortData(timeout time.Duration) (usable bool) {
	w := c.w
	_, _ = w.WriteString(".\r\n")
	if c.wire.setLimits(timeout) != nil || w.Flush() != nil {
		return false
	}
	p, err := readReply(c.r)
	return err == nil && p.code != 421
}

// body sends the message and its final dot in one write. Until the system has the last byte, the relay
// cannot have seen the dot. After that, only its reply tells whether it has the message.
func (c *conn) body(raw []byte, timeout time.Duration) (o Outcome, usable bool) {
	// Relays scan for viruses and spam before they reply; RFC 5321, 4.5.3.2.6 allows ten minutes.
	if err := c.wire.setLimits(10 * timeout); err != nil {
		return connectionLost(Body, err), false
	}
	c.out = append(append(c.out[:0], raw...), ".\r\n"...)
	w := c.w
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
	p, err := readReply(c.r)
	if err != nil {
		return Outcome{Result: Uncertain, Stage: Body, Err: fmt.Errorf("waiting for the reply to the message: %w", err)}, false
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

// outcomeFor returns the outcome of a reply other than the expected one.
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

// aboutMessage distinguishes a reply to this message from one that every message would get. Confusing the
// two would cost every member an email because of a mistake in the relay's settings or ours.
func aboutMessage(stage Stage, code int) bool {
	switch code {
	case 421: // the relay hangs up, whatever we sent (RFC 5321, 3.8)
		return false
	case 530, 534, 535, 538: // it requires a login or TLS (RFC 4954, 6; RFC 3207, 4)
		return false
	case 500, 502, 503, 504: // it does not accept our commands, in this order or at all
		return stage == Body
	}
	return true
}

// fromReply returns an outcome with the relay's own text.
func fromReply(r Result, stage Stage, p reply) Outcome {
	return Outcome{Result: r, Stage: stage, Code: p.code, Enhanced: p.enhanced(), Reply: p.text, Retry: p.retry()}
}

// connectionLost is the outcome of a connection lost before the final dot.
func connectionLost(stage Stage, err error) Outcome {
	return Outcome{Result: NotSent, Stage: stage, Err: fmt.Errorf("connection lost: %w", err)}
}
