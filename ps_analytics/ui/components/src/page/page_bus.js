// The page's only line to Python: commands up, columns down. It shows nothing.
import {busOf} from "../bus.js"
import {loadFonts} from "../theme.js"

export const PageBus = {
  render({model, el}) {
    const bus = busOf(model.page)
    const receive = (message) => bus.receive(message)
    model.on("msg:custom", receive)
    bus.connect((command) => model.send_msg(command))
    loadFonts().then(() => bus.announce("style"))
    el.hidden = true
    bus.ask({op: "ready"})
    return document.createElement("span")
  },
}
