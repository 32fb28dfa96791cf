package cli

import (
	"errors"
	"net"
	"sync"
)

// sockets keeps listening sockets open while the configuration is reloaded, so that no connection is refused in between.
type sockets struct{ open map[string]*socket }

// socket is a listening socket. Its connections go to whoever accepts from one of its listeners.
type socket struct {
	net.Listener
	accepted chan accepted
	used     bool // by the current configuration
}

type accepted struct {
	net.Conn
	err error
}

// listen returns a listener on the socket of a name, and opens the socket if it is not open.
func (s *sockets) listen(name string, open func() (net.Listener, error)) (net.Listener, error) {
	if sock, known := s.open[name]; known {
		sock.used = true
		return &socketListener{socket: sock, closed: make(chan struct{})}, nil
	}
	l, err := open()
	if err != nil {
		return nil, err
	}
	sock := &socket{Listener: l, accepted: make(chan accepted), used: true}
	go sock.accept()
	if s.open == nil {
		s.open = make(map[string]*socket)
	}
	s.open[name] = sock
	return &socketListener{socket: sock, closed: make(chan struct{})}, nil
}

// accept accepts connections until the socket is closed. It holds one that no listener has taken yet; others wait in the system.
func (s *socket) accept() {
	defer close(s.accepted)
	for {
		conn, err := s.Accept()
		if err != nil && errors.Is(err, net.ErrClosed) {
			return
		}
		s.accepted <- accepted{conn, err}
	}
}

// unmark begins a new configuration: the sockets that it does not use are closed by closeUnused.
func (s *sockets) unmark() {
	for _, sock := range s.open {
		sock.used = false
	}
}

func (s *sockets) closeUnused() {
	for name, sock := range s.open {
		if !sock.used {
			sock.close()
			delete(s.open, name)
		}
	}
}

// close closes all sockets.
func (s *sockets) close() {
	s.unmark()
	s.closeUnused()
}

// close closes the socket and a connection that no listener has taken.
func (s *socket) close() {
	s.Close()
	for a := range s.accepted {
		if a.Conn != nil {
			a.Close()
		}
	}
}

// socketListener is one listener on a socket. To close it leaves the socket open.
type socketListener struct {
	*socket
	once   sync.Once
	closed chan struct{}
}

// Accept implements net.Listener.
func (l *socketListener) Accept() (net.Conn, error) {
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	default:
	}
	select {
	case <-l.closed:
		return nil, net.ErrClosed
	case a, open := <-l.accepted:
		if !open {
			return nil, net.ErrClosed
		}
		return a.Conn, a.err
	}
}

// Close implements net.Listener.
func (l *socketListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}
