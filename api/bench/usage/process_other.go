//go:build !linux

package usage

import "net/netip"

// Find answers ErrUnknown: this system has no /proc.
func Find(int, netip.AddrPort) (*Process, error) { return nil, ErrUnknown }

// Sample answers ErrUnknown.
func (p *Process) Sample() (Sample, error) { return Sample{}, ErrUnknown }
