package main

import (
	"flag"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// Keys of miniredis never expire by themselves: its owner moves its clock.
const tick = time.Second

// redis is a stand-in for Redis that keeps everything in memory.
func redis() error {
	address := flag.String("address", "127.0.0.1:6379", "host and port to listen on")
	flag.Parse()
	cache := miniredis.NewMiniRedis()
	if err := cache.StartAddr(*address); err != nil {
		return err
	}
	for range time.Tick(tick) {
		cache.FastForward(tick)
	}
	return nil
}
