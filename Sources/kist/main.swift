import Commands

Kist.start()
