// Command pictures takes the pictures of the README and of the administrator's manual. It drives a Chromium through a
// demo that runs already, and leaves orders behind in it:
//
//	go run . demo
//	go run ./.ci/pictures          # in another terminal; -panel and -portal when the demo has other addresses
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/chromedp/chromedp"
)

func main() {
	panel := flag.String("panel", "http://127.0.0.1:8080", "address of the demo's panel")
	portal := flag.String("portal", "http://127.0.0.1:8081", "address of the demo's portal")
	folder := flag.String("folder", "modules/bitrix24/pictures", "where the pictures go")
	only := flag.String("only", "", "take just the picture of this name")
	flag.Parse()
	c := &camera{panel: *panel, portal: *portal, folder: *folder, only: *only}
	if err := c.takeAll(context.Background()); err != nil {
		fmt.Fprintln(os.Stderr, "pictures:", err)
		os.Exit(1)
	}
}

// A camera looks at the demo with one tab of a browser, which is the context of its methods.
type camera struct {
	panel, portal, folder, only string
}

// takeAll opens the browser, signs in, prepares something to see, and takes every picture.
func (c *camera) takeAll(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, 5*time.Minute)
	defer cancel()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.Flag("no-sandbox", true),
		chromedp.Flag("lang", "ru-RU"), chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("hide-scrollbars", true))
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	defer stop()
	tab, quit := chromedp.NewContext(ctx)
	defer quit()
	if err := c.signIn(tab); err != nil {
		return fmt.Errorf("sign in: %w", err)
	}
	scene, err := c.prepare(tab)
	if err != nil {
		return fmt.Errorf("prepare: %w", err)
	}
	if err := os.MkdirAll(c.folder, 0o755); err != nil {
		return err
	}
	total := 0
	for _, p := range pictures(c, scene) {
		if c.only != "" && c.only != p.name {
			continue
		}
		size, err := c.take(tab, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		total += size
	}
	fmt.Printf("%d kB in %s\n", total/1000, c.folder)
	return nil
}

func (c *camera) signIn(tab context.Context) error {
	return chromedp.Do(tab, chromedp.EmulateViewport(1180, 720), chromedp.Navigate(c.panel+"/login"),
		chromedp.SendKeys(chromedp.CSS("[name=email]"), "admin@demo"),
		chromedp.SendKeys(chromedp.CSS("[name=password]"), "demo"),
		chromedp.Click(chromedp.CSS("button.primary")), chromedp.WaitVisible(chromedp.CSS(".sidebar")))
}

// take opens the page, waits, does what has to be done on it, and keeps what the frame shows.
func (c *camera) take(tab context.Context, p picture) (size int, err error) {
	ctx, cancel := context.WithTimeout(tab, 30*time.Second)
	defer cancel()
	width, height := p.width, p.height
	if width == 0 {
		width = 1180
	}
	if height == 0 {
		height = 720
	}
	steps := []chromedp.Action[chromedp.Void]{chromedp.EmulateViewport(width, height), chromedp.Navigate(p.url)}
	for _, script := range p.scripts {
		steps = append(steps, run(script))
	}
	if p.wait != "" {
		steps = append(steps, chromedp.WaitVisible(chromedp.CSS(p.wait)))
	}
	if err := chromedp.Do(ctx, steps...); err != nil {
		return 0, err
	}
	shot := chromedp.CaptureScreenshot()
	if p.part != "" {
		shot = chromedp.Screenshot(chromedp.CSS(p.part))
	}
	raw, err := chromedp.Run(ctx, shot)
	if err != nil {
		return 0, err
	}
	small, err := shrink(raw)
	if err != nil {
		return 0, err
	}
	fmt.Printf("%-28s %4d kB\n", p.name, len(small)/1000)
	return len(small), os.WriteFile(filepath.Join(c.folder, p.name+".png"), small, 0o644)
}

// run is a script on the page, whose value does not matter; a promise is awaited.
func run(script string) chromedp.Action[chromedp.Void] {
	return func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := chromedp.Evaluate[any](script, chromedp.EvalAwaitPromise)(ctx, t)
		return chromedp.Void{}, err
	}
}

// evaluate reads the JSON text that a script on a page comes to, unless into is nil.
func (c *camera) evaluate(tab context.Context, page, script string, into any) error {
	ctx, cancel := context.WithTimeout(tab, 30*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate(page)); err != nil {
		return err
	}
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](script, chromedp.EvalAwaitPromise))
	if err != nil || into == nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}

// shrink stores a picture of pages, which have few colours, with a palette of the commonest 256: a third of the size.
func shrink(raw []byte) ([]byte, error) {
	full, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	counts := map[color.NRGBA]int{}
	bounds := full.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			counts[color.NRGBAModel.Convert(full.At(x, y)).(color.NRGBA)]++
		}
	}
	colours := make([]color.NRGBA, 0, len(counts))
	for colour := range counts {
		colours = append(colours, colour)
	}
	slices.SortFunc(colours, func(a, b color.NRGBA) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return int(a.R)<<16 + int(a.G)<<8 + int(a.B) - (int(b.R)<<16 + int(b.G)<<8 + int(b.B))
	})
	palette := make(color.Palette, 0, 256)
	for _, colour := range colours[:min(len(colours), 256)] {
		palette = append(palette, colour)
	}
	index := make(map[color.NRGBA]uint8, len(colours))
	for _, colour := range colours {
		index[colour] = uint8(palette.Index(colour))
	}
	small := image.NewPaletted(bounds, palette)
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			small.SetColorIndex(x, y, index[color.NRGBAModel.Convert(full.At(x, y)).(color.NRGBA)])
		}
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err = encoder.Encode(&out, small)
	return out.Bytes(), err
}
